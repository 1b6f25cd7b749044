"""What servers change: settings, own terms and their history, reports, gaps. One store on SQLite or PostgreSQL."""
