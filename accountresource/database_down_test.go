package accountresource_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/examples/panel/vmail"
)

// outage connects to a database that may be away.
type outage struct {
	driver driver.Driver
	name   string
	away   atomic.Bool
}

func (o *outage) Connect(context.Context) (driver.Conn, error) {
	if o.away.Load() {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	return o.driver.Open(o.name)
}

func (o *outage) Driver() driver.Driver { return o.driver }

// A database that is away is said to be that, with the status of a service that comes back, on pages and as data, and never by its words.
func TestADatabaseThatIsAwayIsSaidToBeThat(t *testing.T) {
	h := newHost(t)
	o := &outage{driver: h.db.Driver(), name: "file:" + filepath.Join(t.TempDir(), "other.db") +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_txlock=immediate"}
	h.db = sql.OpenDB(o)
	h.db.SetMaxIdleConns(0) // every request connects anew
	t.Cleanup(func() { require.NoError(t, h.db.Close()) })
	require.NoError(t, vmail.Create(t.Context(), h.db, "sqlite"))
	h.moveTo(fiber.New(), headerAuth{})
	base := h.add()
	token := found(t, tokenField, h.get(base))

	o.away.Store(true)
	for _, path := range []string{"/account-resources", base, base + "/log", base + "/removals"} {
		a := h.get(path)
		assert.Equal(t, http.StatusServiceUnavailable, a.status, path)
		assert.Contains(t, a.body, "database is not available at present", path)
		assert.NotContains(t, a.body, "refused", path)
		assert.NotEmpty(t, a.header.Get("Retry-After"), path)
	}
	a := h.get(base + "/status")
	assert.Equal(t, http.StatusServiceUnavailable, a.status)
	assert.Contains(t, a.header.Get("Content-Type"), "application/json")
	assert.Contains(t, a.body, `{"error":"The panel's database is not available at present.`)
	a = h.send(http.MethodPost, base+"/replicate", url.Values{"_csrf": {token}})
	assert.Equal(t, http.StatusServiceUnavailable, a.status)

	o.away.Store(false)
	assert.Equal(t, http.StatusOK, h.get(base+"/status").status)
	assert.Equal(t, http.StatusOK, h.get(base).status)
}
