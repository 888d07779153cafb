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

// admins keeps them in the panel's database.
type admins struct {
	db       *sql.DB
	numbered bool
}

func openAdmins(ctx context.Context, db *sql.DB, numbered bool) (*admins, error) {
	_, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS panel_admin (username VARCHAR(255) NOT NULL PRIMARY KEY,"+
		" password VARCHAR(255) NOT NULL, domain VARCHAR(255) NOT NULL, language VARCHAR(20) NOT NULL)")
	if err != nil {
		return nil, fmt.Errorf("make the table of admins: %w", err)
	}
	return &admins{db, numbered}, nil
}

// errTaken says that an admin has the name already.
var errTaken = errors.New("there is an admin of this name already")

// add makes an admin.
func (a *admins) add(ctx context.Context, who admin, password string) error {
	if _, known, err := a.read(ctx, who.Username); err != nil || known {
		return errors.Join(err, errTaken)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if err != nil {
		return fmt.Errorf("hash the password: %w", err)
	}
	_, err = a.db.ExecContext(ctx, marked("INSERT INTO panel_admin (username, password, domain, language) VALUES (?, ?, ?, ?)",
		a.numbered), who.Username, string(hash), who.Domain, who.Language)
	if err != nil {
		return fmt.Errorf("add an admin: %w", err)
	}
	return nil
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
		a.numbered), strings.ToLower(username)).Scan(&s.Username, &s.hash, &s.Domain, &s.Language)
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	if err != nil {
		return s, false, fmt.Errorf("read an admin: %w", err)
	}
	return s, true, nil
}

// nobody is compared with when there is no such admin, so that the answer takes as long.
var nobody, _ = bcrypt.GenerateFromPassword([]byte("nobody"), bcrypt.DefaultCost)

// check finds the admin with the name and the password.
func (a *admins) check(ctx context.Context, username, password string) (admin, bool, error) {
	s, known, err := a.read(ctx, username)
	if err != nil {
		return admin{}, false, err
	}
	hash := nobody
	if known {
		hash = []byte(s.hash)
	}
	right := bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil
	return s.admin, known && right, nil
}
