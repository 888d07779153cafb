// Package vmail makes iRedMail's mail account tables where there is no iRedMail: for the example panel on SQLite, and
// for tests on the servers that iRedMail runs on. The tables are described once, and rendered for each server.
//
// It imports the standard library only.
package vmail

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// dialect is how a server writes what tables says.
type dialect struct {
	types    map[string]string // by the type's word; %s is the number in it
	defaults map[string]string // of words that are no literal
	nullText string            // the default of a text that may be NULL elsewhere; empty: NULL here too
	quote    string
	suffix   string
	extra    []string // statements behind the tables
}

var dialects = map[string]dialect{
	"mysql": {
		types: map[string]string{
			"v": "VARCHAR(%s)", "a": "VARCHAR(%s) CHARACTER SET ascii", "c": "CHAR(%s)", "text": "TEXT", "int": "INT(10)",
			"big": "BIGINT(20)", "bool": "TINYINT(1)", "time": "DATETIME", "stamp": "TIMESTAMP", "date": "DATE",
			"serial": "BIGINT(20) UNSIGNED AUTO_INCREMENT",
		},
		defaults: map[string]string{"past": "'1970-01-01 01:01:01'", "never": "'9999-12-31 00:00:00'", "now": "CURRENT_TIMESTAMP"},
		quote:    "`",
		suffix:   " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci",
		extra: []string{"CREATE TRIGGER used_quota_domain BEFORE INSERT ON used_quota FOR EACH ROW" +
			" SET NEW.domain = SUBSTRING_INDEX(NEW.username, '@', -1)"},
	},
	"pgsql": {
		types: map[string]string{
			"v": "VARCHAR(%s)", "a": "VARCHAR(%s)", "c": "VARCHAR(%s)", "text": "TEXT", "int": "BIGINT", "big": "BIGINT",
			"bool": "SMALLINT", "time": "TIMESTAMP WITHOUT TIME ZONE", "stamp": "TIMESTAMP WITHOUT TIME ZONE", "date": "DATE",
			"serial": "SERIAL",
		},
		defaults: map[string]string{"past": "CURRENT_TIMESTAMP", "never": "'9999-12-31 01:01:01'", "now": "CURRENT_TIMESTAMP"},
		nullText: "''",
		quote:    `"`,
	},
	"sqlite": {
		types: map[string]string{
			"v": "VARCHAR(%s)", "a": "VARCHAR(%s)", "c": "VARCHAR(%s)", "text": "TEXT", "int": "INTEGER", "big": "INTEGER",
			"bool": "INTEGER", "time": "TEXT", "stamp": "TEXT", "date": "TEXT", "serial": "INTEGER",
		},
		defaults: map[string]string{"past": "'1970-01-01 01:01:01'", "never": "'9999-12-31 00:00:00'", "now": "CURRENT_TIMESTAMP"},
		quote:    `"`,
	},
}

// Schema gives the statements that make the tables on "mysql", "pgsql" or "sqlite". An old schema is one before
// iRedMail 1.7.3, which has fewer columns.
func Schema(server string, old bool) ([]string, error) {
	d, known := dialects[server]
	if !known {
		return nil, fmt.Errorf("no mail account tables for %q: mysql, pgsql or sqlite", server)
	}
	var statements []string
	for paragraph := range strings.SplitSeq(strings.TrimSpace(tables), "\n\n") {
		statements = append(statements, d.table(paragraph, old))
	}
	return append(statements, d.extra...), nil
}

// Create makes the tables where there are none.
func Create(ctx context.Context, db *sql.DB, server string) error {
	if _, err := db.ExecContext(ctx, "SELECT 1 FROM mailbox WHERE 1 = 0"); err == nil {
		return nil
	}
	return create(ctx, db, server, false)
}

// CreateOld makes the tables of a server before iRedMail 1.7.3.
func CreateOld(ctx context.Context, db *sql.DB, server string) error {
	return create(ctx, db, server, true)
}

// usage are the tables that stay in SQL where the mail accounts are in OpenLDAP.
var usage = []string{"used_quota", "last_login", "share_folder", "anyone_shares", "deleted_mailboxes"}

// CreateUsage makes those of the tables of usage and of deleted mailboxes that are missing, for a server whose mail
// accounts are in OpenLDAP.
func CreateUsage(ctx context.Context, db *sql.DB, server string) error {
	d, known := dialects[server]
	if !known {
		return fmt.Errorf("no mail account tables for %q: mysql, pgsql or sqlite", server)
	}
	for paragraph := range strings.SplitSeq(strings.TrimSpace(tables), "\n\n") {
		name, _, _ := strings.Cut(paragraph, " ")
		if !slices.Contains(usage, name) {
			continue
		}
		if _, err := db.ExecContext(ctx, "SELECT 1 FROM "+d.quoted(name)+" WHERE 1 = 0"); err == nil {
			continue
		}
		if _, err := db.ExecContext(ctx, d.table(paragraph, false)); err != nil {
			return fmt.Errorf("make table %s: %w", name, err)
		}
	}
	return nil
}

func create(ctx context.Context, db *sql.DB, server string, old bool) error {
	statements, err := Schema(server, old)
	if err != nil {
		return err
	}
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("make the mail account tables: %w", err)
		}
	}
	return nil
}

func (d dialect) table(paragraph string, old bool) string {
	lines := strings.Split(paragraph, "\n")
	heading := strings.Split(lines[0], " | ")
	var parts []string
	for _, line := range lines[1:] {
		if text, ok := d.column(strings.SplitN(line, " ", 3), heading[0], old); ok {
			parts = append(parts, text)
		}
	}
	for _, key := range heading[1:] {
		words := strings.Fields(key)
		for i := range words[1:] {
			words[i+1] = d.quoted(words[i+1])
		}
		kind := map[string]string{"primary": "PRIMARY KEY", "unique": "UNIQUE"}[words[0]]
		parts = append(parts, kind+" ("+strings.Join(words[1:], ", ")+")")
	}
	return "CREATE TABLE " + d.quoted(heading[0]) + " (" + strings.Join(parts, ", ") + ")" + d.suffix
}

func (d dialect) quoted(name string) string { return d.quote + name + d.quote }

// nullable are the texts that PostgreSQL allows to be NULL, as MariaDB does throughout.
var nullable = []string{"mailbox.allow_nets", "maillists.settings", "maillists.description"}

func (d dialect) column(words []string, table string, old bool) (text string, ok bool) {
	name, recent := strings.CutSuffix(words[0], "*")
	if recent && old {
		return "", false
	}
	kind, value := words[1], words[2]
	text = d.quoted(name) + " "
	if form, known := d.types[kind]; known {
		text += form
	} else {
		text += fmt.Sprintf(d.types[kind[:1]], kind[1:])
	}
	switch {
	case kind == "stamp":
		value = "now"
	case kind == "text" && d.nullText != "" && !slices.Contains(nullable, table+"."+name):
		value = d.nullText
	}
	switch word := d.defaults[value]; {
	case word != "":
		text += " NOT NULL DEFAULT " + word
	case value == "-":
		text += " NOT NULL"
	case value == "null":
		text += " NULL"
	default:
		text += " NOT NULL DEFAULT " + value
	}
	return text, true
}
