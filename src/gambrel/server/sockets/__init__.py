"""WebSockets on connections of this server: the upgrade, and the frames."""
