"""The service units that run the daemon: what is in them for one installation and its folders."""
