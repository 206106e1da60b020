"""Models and heavy work in killable child processes of one machine: a zygote that forks them, a pool that holds the models.

Who runs where: `zygote`, `children`, `pool`, `hosting` in the process that asks, which never imports torch;
`forkserver` in the zygote; `child`, then `calls` or `runner`, in each child.
"""
