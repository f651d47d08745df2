"""What `cropshield doctor` looks at, one matter a file; nothing here changes anything."""
