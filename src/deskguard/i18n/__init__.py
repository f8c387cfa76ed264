"""The words deskguard shows, in each language it speaks; the words lie in the TOML files beside this one."""
