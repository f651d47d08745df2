"""The six formats of photos, a file each: what a header says, what decoding would cost, and the
pixels. Every limit stands beside what it bounds. Nothing here turns, shrinks or converts colours:
`pictures.decoding.decode` does, for all formats alike."""
