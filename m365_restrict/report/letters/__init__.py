"""Letters to the person a case is about: the only place where a name and an address are used (issue 3, 7).

`gather.letter_facts` gathers what a letter must say or refuses with what is missing; `draft.draft_letter`
writes it as .docx and HTML, in English, in Welsh or in both, from templates that a council can replace.
"""
