"""Traversal: a path leads down a tree of resources, and its end is shown by a view for their type.

    shelves = Traversal(root=open_library)

    @shelves.view(Book)
    async def show(context: Book) -> str: ...

    app = App(extensions=[shelves])

Routes go first; what they miss is looked for in the tree.
"""

from gambrel.traversal.extension import Traversal
from gambrel.traversal.walk import Traversed, path_of

__all__ = ["Traversal", "Traversed", "path_of"]
