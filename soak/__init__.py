"""Long trials of the server, outside `make check`: `make soak`, or `make soak SECONDS=1200`."""
