//go:build integration

package sqldb_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/integration_test/servers"
)

// disturbed connects to MariaDB. Behind a write of a transaction something happens, as often as it is to.
type disturbed struct {
	driver.Connector
	at     int // the write, from 1; 0 for none
	times  int
	writes int // of the transaction so far
	then   func(driver.Conn) error
}

// takeBack rolls the transaction back and says nothing: Galera does so to the loser of two nodes, where statements are prepared.
func takeBack(c driver.Conn) error {
	_, err := c.(driver.ExecerContext).ExecContext(context.Background(), "ROLLBACK", nil)
	return err
}

// cut ends the connection: its server rolls back.
func cut(c driver.Conn) error { return errors.Join(mysql.ErrInvalidConn, c.Close()) }

func newDisturbed(t *testing.T, then func(driver.Conn) error) (*disturbed, *database) {
	t.Helper()
	config, err := mysql.ParseDSN(servers.MariaDB(t).DSN)
	require.NoError(t, err)
	config.InterpolateParams = true // every statement is one call
	connector, err := mysql.NewConnector(config)
	require.NoError(t, err)
	d := &disturbed{Connector: connector, then: then}
	return d, newDatabaseOn(t, "mysql", sql.OpenDB(d))
}

func (d *disturbed) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := d.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &disturbedConn{conn, d}, nil
}

type disturbedConn struct {
	driver.Conn
	d *disturbed
}

func (c *disturbedConn) Ping(ctx context.Context) error { return c.Conn.(driver.Pinger).Ping(ctx) }

func (c *disturbedConn) IsValid() bool { return c.Conn.(driver.Validator).IsValid() }

func (c *disturbedConn) CheckNamedValue(v *driver.NamedValue) error {
	return c.Conn.(driver.NamedValueChecker).CheckNamedValue(v)
}

func (c *disturbedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, text, args)
}

func (c *disturbedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	result, err := c.Conn.(driver.ExecerContext).ExecContext(ctx, text, args)
	switch verb, _, _ := strings.Cut(text, " "); {
	case err != nil:
	case verb == "START":
		c.d.writes = 0
	case verb == "INSERT", verb == "UPDATE", verb == "DELETE":
		if c.d.writes++; c.d.writes == c.d.at && c.d.times > 0 {
			c.d.times--
			err = c.d.then(c.Conn)
		}
	}
	return result, err
}

// content is what the tables have that tell where mail goes.
func (d *database) content() (lines []string) {
	d.t.Helper()
	for _, text := range []string{
		"SELECT CONCAT(username, ' ', maildir, ' ', active) FROM mailbox ORDER BY 1",
		"SELECT CONCAT(address, ' > ', forwarding, ' ', active) FROM forwardings ORDER BY 1",
		"SELECT CONCAT('deleted ', username, ' ', maildir) FROM deleted_mailboxes ORDER BY 1",
	} {
		rows, err := d.db.QueryContext(d.t.Context(), text)
		require.NoError(d.t, err)
		for rows.Next() {
			var line string
			require.NoError(d.t, rows.Scan(&line))
			lines = append(lines, line)
		}
		require.NoError(d.t, errors.Join(rows.Err(), rows.Close()))
	}
	return lines
}

// A batch of which a part is lost, without a word or with the connection, is made again as a whole: nothing of the first attempt stays.
func TestABatchThatIsTakenBackAnywhereIsMadeAgain(t *testing.T) {
	for name, then := range map[string]func(driver.Conn) error{"without a word": takeBack, "with the connection": cut} {
		t.Run(name, func(t *testing.T) {
			var want []string
			for at := 0; ; at++ {
				server, d := newDisturbed(t, then)
				domain, operations := creations(d)
				results, err := d.backend.Apply(t.Context(), domain, operations[:4])
				require.NoError(t, errors.Join(append(results, err)...))
				rename := func(from, to int) account.Operation {
					return account.Operation{
						Verb: account.Rename, Kind: account.Mailbox, Address: operations[from].Address, NewAddress: operations[to].Address,
						Home: operations[from].Home,
					}
				}
				server.at, server.times = at, 1
				results, err = d.backend.Apply(t.Context(), domain, []account.Operation{
					rename(0, 1), rename(1, 0), rename(3, 2), operations[5],
					{
						Verb: account.Delete, Kind: account.Mailbox, Address: operations[2].Address, Home: operations[2].Home,
						KeepUntil: fixedClock().Add(time.Hour),
					},
				})
				require.NoError(t, errors.Join(append(results, err)...), "write %d", at)
				switch got := d.content(); {
				case at == 0:
					want = got
				case server.times > 0: // it has fewer writes
					require.Greater(t, at, 5)
					return
				default:
					assert.Equal(t, want, got, "write %d", at)
				}
			}
		})
	}
}

// A server that ends every connection is to blame, and no account, also where a ping reaches it.
func TestAServerThatEndsEveryConnectionIsNoRefusal(t *testing.T) {
	for _, n := range []int{1, 8} {
		server, d := newDisturbed(t, cut)
		domain, operations := creations(d)
		server.at, server.times = 1, 1000
		results, err := d.backend.Apply(t.Context(), domain, operations[:n])
		require.Error(t, err)
		assert.Nil(t, results)
	}
}
