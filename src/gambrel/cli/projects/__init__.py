"""Projects: `gambrel new` begins one, `add` and `grow` change it, `lock` writes its versions down.

`shapes/` has the files of each shape as they are written, but for names between `@`. All commands
make a list of `Change`s first, which is shown, and then written.
"""
