"""A sandbox hospital: a small FHIR R4 server for the demo, the tests, and anyone who wants to see what would arrive.

It is honest about that: the CapabilityStatement and the header X-Sandbox of every answer say that it is a sandbox. It keeps what it is
sent as it was sent (decimals with their zeros, dateTimes with their zone). Of the content it checks only that dates it can be searched by
are dates; conformance is checked elsewhere.

    app = create_app(Store())                  in memory; Store(Path("hospital.db")) in a file
    httpx.ASGITransport(app)                   for a client in the same process, without a network
    serve(8080, file=Path("hospital.db"))      over HTTP, on this machine only

The reader's path: app.py -> router.py -> interactions.py, search.py, history.py, transaction.py -> store.py.

Where it deliberately differs from the servers that hospitals run (each module's docstring says what it decides):
- Stricter than HAPI: stale If-Match 412; If-Match where nothing is 412; wrong Content-Type 415; an unknown search parameter 400, but
  left out with Prefer: handling=lenient; a precondition that a method does not have 400; the refusal of a transaction names its entry.
- Never a version clash: requests are served one at a time, so equal conditional creates at the same moment are all answered, one with
  201 and the others with 200. HAPI answers the others 409 and the client must come again.
- More lenient: no content but such dates is checked; a reference to Type/id that is not there is accepted; what is referred to can be
  deleted; a client may choose an id of digits only.

What it may be without, to try how things go at such a server: LACKS in call.py (`redbag sandbox --without transaction`).

JSON and XML are spoken both, and what came in the one can be asked for in the other; what is kept is JSON.

Not supported: PATCH, versioned search results, _has, _elements, _summary beyond count, :iterate, :exact, :contains, :in, quantity
and composite parameters, _sort by anything but _lastUpdated, searches across types, subscriptions, terminology, access control.
"""

from adapter.sandbox.app import create_app
from adapter.sandbox.call import LACKS
from adapter.sandbox.server import ServeError, serve
from adapter.sandbox.store import Store, StoreError

__all__ = ["LACKS", "ServeError", "Store", "StoreError", "create_app", "serve"]
