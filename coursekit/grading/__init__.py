"""The student edition of a lesson, and marks for what comes back.

    edition.student(notebook)    # a stored lesson without its solutions
    grade.grade(folder, ...)     # hand-ins, each run in a process that is shut in -> Graded

A hand-in is somebody else's code. It runs in a child process (`child`) that `confine` keeps from
the network, from other people's files and from the solutions. What no process can keep from
itself, such as memory that a determined student reads, the instructors' page says.
"""
