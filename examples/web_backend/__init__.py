"""A web application over ``qrt_async``: many users, one account, their jobs live in the browser.

    pip install 'qrt-async[local]' 'fastapi>=0.165' 'uvicorn>=0.54' jinja2 python-multipart
    python -m examples.web_backend

In the order in which a request meets them:

    __main__   the command: an address, a port, a number of workers
    settings   what the environment says
    app        the application: what it is put together from
    guard      who may ask: headers for browsers, no requests from other sites
    visitors   who asks: a signed cookie, a token in every form
    problems   what went wrong, as a page or as problem details
    pages      what can be looked at
    actions    what can be done
    live       what is told as it happens
    forms      from what was typed to what is to run
    circuits   circuits to pick from
    rendering  templates, and what all of them are given
    desk       the service, the submitter, and what this application keeps itself
    records    what was ordered, on disk
    sweeps     sweeps that are under way
    views      from what the library knows to what people read
    charts     results as rows and curves

The pages are in ``templates``, one stylesheet and one script in ``static``. README.md says what to change before
strangers may use it.
"""
