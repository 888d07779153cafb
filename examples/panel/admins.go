package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// admin is somebody who may sign in.
type admin struct {
	Username string
	Domain   string // of a domain admin; empty for a global one
	Language string
}

func (a admin) Global() bool { return a.Domain == "" }

// adminName returns the name of an admin as it is stored and compared: without blanks around it, in lower case.
func adminName(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

// admins keeps them in the panel's database.
type admins struct {
	db       *sql.DB
	numbered bool                              // placeholders are $1, $2
	cost     int                               // of bcrypt, for new passwords
	nobody   []byte                            // the hash to compare with when there is no such admin, so that the answer takes as long
	compare  func(hash, password []byte) error // bcrypt's comparison; it takes a processor for a twentieth of a second
}

// openAdmins makes the table of admins where there is none, on a server as config.backend names it. New passwords are
// hashed by bcrypt with the cost.
func openAdmins(ctx context.Context, db *sql.DB, server string, cost int) (*admins, error) {
	nobody, err := bcrypt.GenerateFromPassword([]byte("nobody"), cost)
	if err != nil {
		return nil, fmt.Errorf("hash a password: %w", err)
	}
	_, err = db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS panel_admin (username VARCHAR(255) NOT NULL PRIMARY KEY,"+
		" password VARCHAR(255) NOT NULL, domain VARCHAR(255) NOT NULL, language VARCHAR(20) NOT NULL)"+
		map[string]string{"mysql": " DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"}[server])
	if err != nil {
		return nil, fmt.Errorf("make the table of admins: %w", err)
	}
	a := &admins{db: db, numbered: server == "pgsql", cost: cost, nobody: nobody, compare: bcrypt.CompareHashAndPassword}
	return a, a.lowerNames(ctx)
}

// lowerNames changes names that an older version of this panel stored as PANEL_ADMIN was written. Where two rows differ
// in case only, the one in lower case stays the admin, as before.
func (a *admins) lowerNames(ctx context.Context) error {
	all, err := a.all(ctx)
	if err != nil {
		return err
	}
	taken := make(map[string]bool)
	for _, one := range all {
		taken[one.Username] = true
	}
	for _, one := range all {
		lower := adminName(one.Username)
		if taken[lower] {
			continue
		}
		_, err := a.db.ExecContext(ctx, marked("UPDATE panel_admin SET username = ? WHERE username = ?", a.numbered), lower, one.Username)
		if err != nil {
			return fmt.Errorf("write the name of admin %s in lower case: %w", one.Username, err)
		}
		taken[lower] = true
	}
	return nil
}

// errTaken says that an admin has the name already.
var errTaken = errors.New("there is an admin of this name already")

// add makes an admin. It fails with errTaken where there is one of that name.
func (a *admins) add(ctx context.Context, who admin, password string) error {
	who.Username = adminName(who.Username)
	switch _, known, err := a.read(ctx, who.Username); {
	case err != nil:
		return err
	case known:
		return errTaken
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), a.cost)
	if err != nil {
		return fmt.Errorf("hash the password: %w", err)
	}
	_, err = a.db.ExecContext(ctx, marked("INSERT INTO panel_admin (username, password, domain, language) VALUES (?, ?, ?, ?)",
		a.numbered), who.Username, string(hash), who.Domain, who.Language)
	if err == nil {
		return nil
	}
	if _, known, readErr := a.read(ctx, who.Username); readErr == nil && known {
		return errTaken // another process of the panel was faster
	}
	return fmt.Errorf("add an admin: %w", err)
}

// ensure makes the admin if there is none of that name.
func (a *admins) ensure(ctx context.Context, username, password string) error {
	err := a.add(ctx, admin{Username: username}, password)
	if errors.Is(err, errTaken) {
		return nil
	}
	return err
}

func (a *admins) all(ctx context.Context) ([]admin, error) {
	rows, err := a.db.QueryContext(ctx, "SELECT username, domain, language FROM panel_admin ORDER BY username")
	if err != nil {
		return nil, fmt.Errorf("list the admins: %w", err)
	}
	defer rows.Close()
	var all []admin
	for rows.Next() {
		var who admin
		if err := rows.Scan(&who.Username, &who.Domain, &who.Language); err != nil {
			return nil, fmt.Errorf("list the admins: %w", err)
		}
		all = append(all, who)
	}
	return all, rows.Err()
}

type stored struct {
	admin
	hash string
}

func (a *admins) read(ctx context.Context, username string) (s stored, known bool, err error) {
	err = a.db.QueryRowContext(ctx, marked("SELECT username, password, domain, language FROM panel_admin WHERE username = ?",
		a.numbered), adminName(username)).Scan(&s.Username, &s.hash, &s.Domain, &s.Language)
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	if err != nil {
		return s, false, fmt.Errorf("read an admin: %w", err)
	}
	if adminName(s.Username) != adminName(username) { // equal by a collation only, which ignores accents
		return stored{}, false, nil
	}
	return s, true, nil
}

// check returns the admin with the name, and reports whether the password is theirs.
func (a *admins) check(ctx context.Context, username, password string) (admin, bool, error) {
	s, known, err := a.read(ctx, username)
	if err != nil {
		return admin{}, false, err
	}
	hash := a.nobody
	if known {
		hash = []byte(s.hash)
	}
	right := a.compare(hash, []byte(password)) == nil && len(password) <= longestPassword // bcrypt reads no more of it
	return s.admin, known && right, nil
}
