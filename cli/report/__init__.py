"""Reports as one HTML file each: no request leaves it."""
