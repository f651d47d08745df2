"""What may go wrong, and the problem document that a client then gets (RFC 9457)."""
