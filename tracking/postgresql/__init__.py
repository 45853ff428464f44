"""PostgreSQL through a pool of connections that notices at once when the server was restarted or is away."""
