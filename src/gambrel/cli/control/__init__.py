"""The commands about a server that runs: they ask its supervisor through the control socket."""
