# The bot as one image: wheels with hashes, no compiler, no pip, a user without rights, a root that may be read-only.
# The base is pinned by its tag. Whoever has a registry at hand pins the digest, too:
#   docker build --build-arg PYTHON=docker.io/library/python:3.11.14-slim-bookworm@sha256:... -t aiterms .
# tools/try_image.sh builds and tries it where there is no Docker engine.
ARG PYTHON=docker.io/library/python:3.11.14-slim-bookworm

# -- The libraries, from wheels alone, each with its hash, in a virtual environment without pip.
FROM ${PYTHON} AS libraries
# The pictures of tokens need four fonts (bot/core/pictures.py) of the 120 MB in these packages. Versions are left to
# Debian stable, which changes them for faults only.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends binutils fonts-dejavu-core fonts-noto-cjk fonts-noto-color-emoji \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir /fonts \
    && cp /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf /usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf \
        /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf /fonts/
COPY requirements.lock /build/
# A builder behind a mirror hands pip's settings in as a secret, which stays out of the image:
#   docker build --secret id=pip.conf,src=$HOME/.config/pip/pip.conf ...
# Debugging symbols, tests and the commands of libraries go. Pillow's own libraries stay as they came: strip breaks what patchelf has moved.
RUN --mount=type=secret,id=pip.conf \
    if [ -f /run/secrets/pip.conf ]; then export PIP_CONFIG_FILE=/run/secrets/pip.conf; fi \
    && python -m venv --without-pip /opt/aiterms \
    && python -m pip --python /opt/aiterms/bin/python install --no-cache-dir --no-compile --disable-pip-version-check \
        --only-binary :all: --require-hashes -r /build/requirements.lock \
    && find /opt/aiterms -name '*.so' -not -path '*/pillow.libs/*' -exec strip --strip-debug {} + \
    && find /opt/aiterms/lib -depth -type d \( -name tests -o -name test \) -exec rm -rf {} + \
    && find /opt/aiterms/bin -type f -delete \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/aiterms/lib

# -- The program: its wheel, built without the network, in a folder of its own, so that an update changes this layer alone.
FROM libraries AS program
COPY requirements-build.lock /build/
RUN --mount=type=secret,id=pip.conf \
    if [ -f /run/secrets/pip.conf ]; then export PIP_CONFIG_FILE=/run/secrets/pip.conf; fi \
    && python -m pip install --no-cache-dir --disable-pip-version-check --root-user-action ignore \
        --only-binary :all: --require-hashes -r /build/requirements-build.lock
COPY . /build/
WORKDIR /build
RUN python -m pip wheel --no-cache-dir --no-index --no-deps --no-build-isolation --wheel-dir /wheel . \
    && python -m pip --python /opt/aiterms/bin/python install --no-cache-dir --no-compile --disable-pip-version-check \
        --no-index --no-deps --prefix /program /wheel/*.whl \
    && python -m compileall -q --invalidation-mode unchecked-hash -s /program -p /opt/aiterms /program/lib

# -- The root: Python, and of Debian only the libraries that are loaded.
FROM libraries AS root
COPY tools/image_root.sh /build/
RUN sh /build/image_root.sh

# -- What is shipped: about 265 MB, without shell, package manager or setuid programs.
FROM scratch
COPY --from=root /image /
COPY --from=root /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=libraries /fonts /usr/share/fonts/aiterms
COPY --from=libraries /opt/aiterms /opt/aiterms
COPY --from=program /program /opt/aiterms
ENV PATH=/opt/aiterms/bin \
    LANG=C.UTF-8 \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    AITERMS_DATA=/data
LABEL org.opencontainers.image.title="aiterms" \
    org.opencontainers.image.description="A Discord bot that answers questions about AI terms, in English and Chinese." \
    org.opencontainers.image.licenses="MIT AND CC-BY-4.0"
WORKDIR /data
VOLUME /data
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["aiterms", "health"]
ENTRYPOINT ["aiterms"]
CMD ["run"]
