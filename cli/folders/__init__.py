"""`cropshield explain`: folders of photos, explained on this machine or by a server."""
