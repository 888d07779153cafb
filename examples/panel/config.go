package main

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// config is the panel's environment.
type config struct {
	listen         string // PANEL_LISTEN
	admin          string // PANEL_ADMIN: the global admin that is made if absent
	password       string // PANEL_PASSWORD: printed if it was made up here
	madeUp         bool
	backend        string            // PANEL_BACKEND: sqlite, mysql, pgsql, openldap
	db             string            // PANEL_DB: data source of the panel's own tables
	vmail          string            // PANEL_VMAIL_DB: that of the mail accounts
	ldapURI        string            // PANEL_LDAP_URI, of the mail accounts in OpenLDAP
	ldapBase       string            // PANEL_LDAP_BASE: o=domains, or the entry above it
	ldapBindDN     string            // PANEL_LDAP_BIND_DN
	ldapPassword   string            // PANEL_LDAP_PASSWORD
	directory      bool              // PANEL_DIRECTORY=none: no fake directory
	secretKeys     [][]byte          // PANEL_SECRET_KEY: the current one first, then older ones
	applications   map[string]string // PANEL_APP_DBS
	lease          time.Duration     // PANEL_LEASE, such as 90s; zero: the module's own
	signIn         string            // PANEL_SIGNIN_LISTEN: where Dovecot asks; empty: nowhere
	temporary      string            // a folder to remove at the end; empty where PANEL_DB was given
	keyFileBesides string            // where the module keeps its key when there is no PANEL_SECRET_KEY
}

// readConfig makes sense of the environment, or says what is wrong with it in a sentence.
func readConfig() (c config, err error) {
	c = config{
		listen: cmp.Or(os.Getenv("PANEL_LISTEN"), "127.0.0.1:8080"), admin: cmp.Or(adminName(os.Getenv("PANEL_ADMIN")), "admin@corp.example"),
		password: os.Getenv("PANEL_PASSWORD"), backend: cmp.Or(os.Getenv("PANEL_BACKEND"), "sqlite"),
		db: os.Getenv("PANEL_DB"), directory: os.Getenv("PANEL_DIRECTORY") != "none",
		signIn: os.Getenv("PANEL_SIGNIN_LISTEN"),
	}
	if c.password == "" {
		c.password, c.madeUp = strings.ToLower(rand.Text()[:12]), true
	}
	if len(c.password) > longestPassword {
		return c, fmt.Errorf("PANEL_PASSWORD may have %d bytes at most", longestPassword)
	}
	if c.secretKeys, err = parseKeys(os.Getenv("PANEL_SECRET_KEY")); err != nil {
		return c, err
	}
	if text := os.Getenv("PANEL_LEASE"); text != "" {
		if c.lease, err = time.ParseDuration(text); err != nil {
			return c, errors.New("PANEL_LEASE must be a time such as 90s")
		}
	}
	if c.applications, err = parsePairs(os.Getenv("PANEL_APP_DBS")); err != nil {
		return c, err
	}
	switch c.backend {
	case "sqlite", "mysql", "pgsql":
	case "openldap":
		c.ldapURI, c.ldapBase = os.Getenv("PANEL_LDAP_URI"), os.Getenv("PANEL_LDAP_BASE")
		c.ldapBindDN, c.ldapPassword = os.Getenv("PANEL_LDAP_BIND_DN"), os.Getenv("PANEL_LDAP_PASSWORD")
		if c.ldapURI == "" || c.ldapBase == "" || c.ldapBindDN == "" || c.ldapPassword == "" {
			return c, errors.New("PANEL_BACKEND=openldap needs PANEL_LDAP_URI, PANEL_LDAP_BASE, PANEL_LDAP_BIND_DN and " +
				"PANEL_LDAP_PASSWORD")
		}
	default:
		return c, fmt.Errorf("PANEL_BACKEND is %q; it must be one of sqlite, mysql, pgsql, openldap", c.backend)
	}
	err = c.chooseDatabases()
	return c, err
}

// chooseDatabases reads where the databases are. Without PANEL_DB they are in a temporary folder, which only the panel's
// user can open; start removes it.
func (c *config) chooseDatabases() (err error) {
	if c.db == "" {
		if c.temporary, err = privateFolder(); err != nil {
			return err
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, os.RemoveAll(c.temporary))
			}
		}()
		c.db = filepath.Join(c.temporary, "panel.db")
	}
	c.vmail = cmp.Or(os.Getenv("PANEL_VMAIL_DB"), c.db)
	if got := driverOf(c.vmail).server; got != c.backend && c.backend != "openldap" {
		return fmt.Errorf("PANEL_BACKEND is %s, but the data source of the mail accounts (PANEL_VMAIL_DB, else PANEL_DB) "+
			"is one for %s", c.backend, got)
	}
	c.keyFileBesides = "account-resource.key"
	if d := driverOf(c.db); d.server == "sqlite" {
		c.keyFileBesides = filepath.Join(filepath.Dir(d.path), "account-resource.key")
	}
	return nil
}

// privateFolder makes a folder with a name that nobody can guess, which only the panel's user can open (mode 0700).
func privateFolder() (string, error) {
	folder, err := os.MkdirTemp("", "account-resource-panel-")
	if err != nil {
		return "", fmt.Errorf("make a temporary folder: %w", err)
	}
	return folder, nil
}

// parseKeys reads secret keys with commas between them: none, or the current one and then older ones.
func parseKeys(text string) ([][]byte, error) {
	if text == "" {
		return nil, nil
	}
	var keys [][]byte
	for part := range strings.SplitSeq(text, ",") {
		key, err := hex.DecodeString(strings.TrimSpace(part))
		if err != nil || len(key) != 32 {
			return nil, errors.New("PANEL_SECRET_KEY must be 64 hexadecimal digits; older keys of as many may follow after commas")
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// parsePairs reads name=value,name=value.
func parsePairs(text string) (map[string]string, error) {
	pairs := make(map[string]string)
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok || name == "" || value == "" {
			return nil, errors.New("PANEL_APP_DBS must look like roundcube=dsn,sogo=dsn")
		}
		pairs[name] = value
	}
	return pairs, nil
}
