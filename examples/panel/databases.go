package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/mailpanel/account-resource/accountresource"
	"github.com/mailpanel/account-resource/examples/panel/vmail"
)

// driver is what a data source is opened with.
type driver struct {
	server, name, source string
	path                 string // of an SQLite file
}

// driverOf tells by its looks what a data source is for.
func driverOf(dsn string) driver {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return driver{server: "pgsql", name: "pgx", source: dsn}
	}
	if strings.Contains(dsn, "@tcp(") || strings.Contains(dsn, "@unix(") {
		return driver{server: "mysql", name: "mysql", source: dsn}
	}
	path, parameters, _ := strings.Cut(strings.TrimPrefix(dsn, "file:"), "?")
	// Several connections write: each waits for the others, and says at the beginning that it will write.
	source := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(NORMAL)&_txlock=immediate"
	if parameters != "" {
		source += "&" + parameters
	}
	return driver{server: "sqlite", name: "sqlite", source: source, path: path}
}

// databases are the panel's own and the one with the mail accounts, which may be the same.
type databases struct {
	panel, vmail *sql.DB
	numbered     bool // placeholders of vmail are $1, $2
	applications accountresource.Applications
	others       []*sql.DB // those of applications
}

func openDatabases(ctx context.Context, c config) (*databases, error) {
	panel, err := open(ctx, c.db)
	if err != nil {
		return nil, fmt.Errorf("PANEL_DB: %w", err)
	}
	d := &databases{panel: panel, vmail: panel, numbered: driverOf(c.vmail).server == "pgsql"}
	if c.vmail != c.db {
		if d.vmail, err = open(ctx, c.vmail); err != nil {
			return nil, errors.Join(fmt.Errorf("PANEL_VMAIL_DB: %w", err), panel.Close())
		}
	}
	if err := d.openApplications(c.applications); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if c.backend == "openldap" { // its SQL half is iRedAdmin's; the panel makes what is missing of it
		if err := vmail.CreateUsage(ctx, d.vmail, driverOf(c.vmail).server); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	if c.backend == "sqlite" { // iRedMail knows no SQLite; on the others its schema is taken as it is
		if err := vmail.Create(ctx, d.vmail, "sqlite"); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	return d, nil
}

// idleConnections a pool keeps. A run writes over three at once, and pages and leases need some beside it; of Go's own
// two, PostgreSQL would be connected to again for every batch.
const idleConnections = 8

func open(ctx context.Context, dsn string) (*sql.DB, error) {
	d := driverOf(dsn)
	db, err := sql.Open(d.name, d.source)
	if err != nil {
		return nil, fmt.Errorf("this is no data source for %s", d.server) // the error would show the password
	}
	db.SetMaxIdleConns(idleConnections)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("reach the %s database: %w", d.server, err), db.Close())
	}
	return db, nil
}

// openApplications opens the databases of applications. One that is down is no reason not to start.
func (d *databases) openApplications(sources map[string]string) error {
	for name, dsn := range sources {
		into := map[string]**sql.DB{
			"roundcube": &d.applications.Roundcube, "sogo": &d.applications.SOGo, "amavisd": &d.applications.Amavisd,
			"iredapd": &d.applications.IRedAPD, "iredadmin": &d.applications.IRedAdmin,
		}[name]
		if into == nil {
			return fmt.Errorf("PANEL_APP_DBS names %q; it may name roundcube, sogo, amavisd, iredapd and iredadmin", name)
		}
		of := driverOf(dsn)
		db, err := sql.Open(of.name, of.source)
		if err != nil {
			return fmt.Errorf("PANEL_APP_DBS: the source of %s is none for %s", name, of.server) // the error would show the password
		}
		d.others = append(d.others, db)
		*into = db
	}
	return nil
}

// Close closes all.
func (d *databases) Close() error {
	errs := []error{d.panel.Close()}
	if d.vmail != d.panel {
		errs = append(errs, d.vmail.Close())
	}
	for _, db := range d.others {
		errs = append(errs, db.Close())
	}
	return errors.Join(errs...)
}

// marks puts the placeholders of the mail accounts' database in place of question marks.
func (d *databases) marks(query string) string { return marked(query, d.numbered) }

func marked(query string, numbered bool) string {
	if !numbered {
		return query
	}
	var b strings.Builder
	for i, part := range strings.Split(query, "?") {
		if i > 0 {
			b.WriteString("$" + strconv.Itoa(i))
		}
		b.WriteString(part)
	}
	return b.String()
}
