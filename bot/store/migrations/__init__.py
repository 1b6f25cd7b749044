"""The steps of the schema, forward only."""
