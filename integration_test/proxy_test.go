//go:build integration

package integration_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	runs "github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/backends"
	"github.com/mailpanel/account-resource/backends/openldap"
	"github.com/mailpanel/account-resource/backends/sqldb"
	"github.com/mailpanel/account-resource/examples/panel/vmail"
	"github.com/mailpanel/account-resource/integration_test/servers"
)

// PROXY_STEP is how far it is from one statement of a run that goes wrong to the next; 1 is each. Runs on databases send
// some four hundred.
const defaultStep = 31

// Whichever statement of a run does not get through, or its answer, or is never answered: nobody is removed for it, the
// next run makes everything good, and nothing happens twice.
func TestR19_WhicheverStatementIsLost(t *testing.T) {
	t.Parallel()
	steps := number(t, "PROXY_STEP", defaultStep)
	for name, open := range map[string]func(*testing.T) (*world, *proxy, runs.Config){
		"MariaDB": mariaDBByProxy, "PostgreSQL": postgreSQLByProxy, "OpenLDAP": openLDAPByProxy,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			step := steps
			w, p, config := open(t)
			if w.inTree { // there are fewer
				step = (step + 4) / 5
			}
			lost := map[loss]int{}
			losses := []loss{{harm: cutBefore}, {harm: cutAfter}, {harm: swallowed}, {harm: swallowed, commits: true}}
			if w.inTree { // which has no transactions
				losses = losses[:3]
			}
			for i, l := range losses {
				stride, config := step, config
				switch {
				case l.commits: // there are ten to twenty
					stride, config.Deadline = (step+9)/10, time.Second
				case l.harm == swallowed: // each takes as long as a run may
					stride, config.Deadline = step*4, time.Second
				}
				for nth := 1 + i; ; nth += stride {
					w.changesSomething()
					p.arm(nth, l)
					began := time.Now()
					got := w.runs(config, runs.Full)
					happened := p.disarm() >= nth
					took := time.Since(began)
					because := fmt.Sprintf("%s, number %d (commits only: %t)", l.harm, nth, l.commits)
					assert.Less(t, took, 40*time.Second, because)
					w.nobodyIsLost(because)
					w.settles(runs.Incremental, because, got.Outcome, got.Error, got.Counts)
					if !happened {
						break
					}
					lost[l]++
				}
				assert.NotZero(t, lost[l], l)
			}
			t.Logf("%d runs; statements lost: %v", w.executed, lost)
		})
	}
}

func mariaDBByProxy(t *testing.T) (*world, *proxy, runs.Config) {
	mail, tables := newMail(t), servers.MariaDB(t)
	config, err := mysql.ParseDSN(tables.DSN)
	require.NoError(t, err)
	p := newProxy(t, config.Addr, mysqlWire)
	by := func(d servers.Database) *sql.DB {
		config, err := mysql.ParseDSN(d.DSN)
		require.NoError(t, err)
		config.Addr = p.address()
		return servers.Database{Driver: "mysql", DSN: config.FormatDSN()}.Open(t)
	}
	return inSQL(t, p, mail, tables.Open(t), by(mail.limits), by(tables))
}

func postgreSQLByProxy(t *testing.T) (*world, *proxy, runs.Config) {
	mail, tables := newPostgresMail(t), servers.PostgreSQL(t)
	address, err := url.Parse(tables.DSN)
	require.NoError(t, err)
	p := newProxy(t, address.Host, postgresWire)
	by := func(d servers.Database) *sql.DB {
		address, err := url.Parse(d.DSN)
		require.NoError(t, err)
		address.Host = p.address()
		return servers.Database{Driver: "pgx", DSN: address.String()}.Open(t)
	}
	return inSQL(t, p, mail, tables.Open(t), by(mail.limits), by(tables))
}

// inSQL is a world whose stores are reached directly, and by way of the proxy.
func inSQL(t *testing.T, p *proxy, mail *mail, tables, accountsBy, tablesBy *sql.DB) (*world, *proxy, runs.Config) {
	t.Helper()
	direct, err := sqldb.Open(t.Context(), mail.owner, sqldb.Options{})
	require.NoError(t, err)
	through, err := sqldb.Open(t.Context(), accountsBy, sqldb.Options{})
	require.NoError(t, err)
	w := newWorld(t, mail.domain, direct, tables)
	w.selfRow = func(address string) bool {
		rows := mail.rows("SELECT active FROM forwardings WHERE address = '" + address + "' AND forwarding = '" + address + "'")
		return len(rows) == 1 && fmt.Sprint(rows[0]["active"]) == "1"
	}
	return w, p, w.configOf(w.storeIn(tablesBy), through)
}

func openLDAPByProxy(t *testing.T) (*world, *proxy, runs.Config) {
	tree := newTree(t)
	uri, err := url.Parse(tree.server.URI)
	require.NoError(t, err)
	p := newProxy(t, uri.Host, ldapWire)
	tables, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "panel.db")+
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_txlock=immediate")
	require.NoError(t, err)
	t.Cleanup(func() { _ = tables.Close() })
	require.NoError(t, vmail.CreateUsage(t.Context(), tables, "sqlite"))
	at := func(uri string) backends.Backend {
		b, err := openldap.Open(t.Context(), openldap.Options{
			URI: uri, BaseDN: tree.server.BaseDN, BindDN: tree.server.BindDN, Password: tree.server.Password, DB: tables,
		})
		require.NoError(t, err)
		t.Cleanup(b.Close)
		return b
	}
	w := newWorld(t, tree.domain, at(tree.server.URI), tables)
	return w, p, w.configOf(w.kept, at("ldap://"+p.address()))
}
