"""Questions to an app and to what it runs on: `gambrel request` and `gambrel info`."""
