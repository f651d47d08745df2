"""The work behind `cropshield models`: cards listed, tried, made and changed."""
