package openldap

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/backends"
	"github.com/mailpanel/account-resource/backends/references"
	"github.com/mailpanel/account-resource/backends/sqldb"
)

// Options are where the tree is and how it is reached.
type Options struct {
	// URI is ldap://host:port, ldaps://host:port or ldapi://socket.
	URI string
	// BaseDN is the entry that holds the domains, such as o=domains,dc=example,dc=com. The entry above it will do.
	BaseDN string
	// BindDN may write below BaseDN (iRedMail's cn=vmailadmin); Password is not logged.
	BindDN, Password string
	// TLS is for ldaps and StartTLS; nil verifies with the system's roots.
	TLS *tls.Config
	// StartTLS encrypts a connection that begins in the clear.
	StartTLS bool
	// Timeout bounds each connection attempt and each request. Default: 30 s.
	Timeout time.Duration
	// Connections is how many write at the same time. Default: 4.
	Connections int
	// DB holds iRedMail's tables used_quota, last_login, share_folder, anyone_shares and deleted_mailboxes (its
	// database "iredadmin"); those that are missing are left out. nil: there are none.
	DB *sql.DB
	// Clock gives the time for shadowLastChange. Default: time.Now.
	Clock func() time.Time
}

// Backend is an iRedMail tree. It is safe for concurrent use.
type Backend struct {
	pool    *pool
	base    string
	known   map[string]bool // attribute types and object classes, lower case
	clock   func() time.Time
	writers int

	db      *sql.DB
	dialect dialect.Dialect
	usage   *references.Set
	deleted *sqldb.DeletedMailboxes

	mu      sync.Mutex
	counted map[string]tally // by domain: what the counters were left to say
}

var _ backends.Backend = (*Backend)(nil)

// Open connects, and finds out where the domains are and what the server's schema knows. Nothing is written.
func Open(ctx context.Context, o Options) (*Backend, error) {
	b := &Backend{pool: newPool(o), clock: o.Clock, writers: o.Connections, db: o.DB, counted: make(map[string]tally)}
	if b.clock == nil {
		b.clock = time.Now
	}
	if b.writers <= 0 {
		b.writers = 4
	}
	if err := b.open(ctx, o.BaseDN); err != nil {
		b.Close()
		return nil, fmt.Errorf("open the mail accounts in OpenLDAP: %w", err)
	}
	return b, nil
}

func (b *Backend) open(ctx context.Context, base string) (err error) {
	if b.base, err = b.findDomains(ctx, base); err != nil {
		return err
	}
	if b.known, err = b.readSchema(ctx); err != nil {
		return err
	}
	if b.db == nil {
		return nil
	}
	if b.dialect, err = dialect.Detect(ctx, b.db); err != nil {
		return err
	}
	if b.usage, err = references.Open(ctx, b.db, b.dialect, sqldb.UsageTables); err != nil {
		return err
	}
	b.deleted, err = sqldb.OpenDeletedMailboxes(ctx, b.db, b.dialect)
	return err
}

// Close ends the connections.
func (b *Backend) Close() { b.pool.close() }

// findDomains accepts the entry that holds the domains, or the one above it.
func (b *Backend) findDomains(ctx context.Context, base string) (string, error) {
	parsed, err := ldap.ParseDN(base)
	if err != nil {
		return "", fmt.Errorf("base DN %q: %w", base, err)
	}
	candidates := []string{base}
	if len(parsed.RDNs) == 0 || !strings.EqualFold(parsed.RDNs[0].Attributes[0].Type, "o") {
		candidates = []string{"o=domains," + base, base}
	}
	for _, candidate := range candidates {
		entry, err := b.entry(ctx, candidate, "objectClass")
		if err != nil {
			return "", fmt.Errorf("look for %s: %w", candidate, err)
		}
		if entry != nil {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("there is no entry %s, or this account may not see it", candidates[0])
}

// Fields are all of them: inetOrgPerson and mailUser have a place for each.
func (b *Backend) Fields() account.Fields {
	var s account.Fields
	for f, name := range fieldAttributes {
		if b.has(name) {
			s = s.With(f)
		}
	}
	return s
}

// has reports whether the server knows an attribute or object class. Where it shows no schema, everything is tried.
func (b *Backend) has(name string) bool { return len(b.known) == 0 || b.known[strings.ToLower(name)] }

// readSchema reads the names of all attribute types and object classes (RFC 4512, section 4.2).
func (b *Backend) readSchema(ctx context.Context) (map[string]bool, error) {
	root, err := b.entry(ctx, "", "subschemaSubentry")
	if err != nil {
		return nil, fmt.Errorf("read the root entry: %w", err)
	}
	known := make(map[string]bool)
	if root == nil || root.GetAttributeValue("subschemaSubentry") == "" {
		return known, nil
	}
	schema, err := b.entry(ctx, root.GetAttributeValue("subschemaSubentry"), "attributeTypes", "objectClasses")
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	if schema == nil {
		return known, nil
	}
	for _, kind := range []string{"attributeTypes", "objectClasses"} {
		for _, definition := range schema.GetAttributeValues(kind) {
			for _, name := range names(definition) {
				known[strings.ToLower(name)] = true
			}
		}
	}
	return known, nil
}

// names reads the names from a description such as ( 2.5.4.3 NAME ( 'cn' 'commonName' ) DESC 'a name' ).
func names(definition string) []string {
	_, rest, found := strings.Cut(definition, " NAME ")
	if !found {
		return nil
	}
	rest = strings.TrimLeft(rest, " ")
	list := strings.HasPrefix(rest, "(")
	var all []string
	for i, part := range strings.Split(rest, "'") {
		switch {
		case i%2 == 1:
			all = append(all, part)
			if !list {
				return all
			}
		case list && strings.Contains(part, ")"):
			return all
		}
	}
	return all
}

// code reports whether err is the server's answer with one of the result codes.
func code(err error, codes ...uint16) bool {
	var answer *ldap.Error
	if !errors.As(err, &answer) {
		return false
	}
	for _, c := range codes {
		if answer.ResultCode == c {
			return true
		}
	}
	return false
}
