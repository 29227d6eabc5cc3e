"""`lzkey check`: the rule's own answer, for keys wherever they are described."""
