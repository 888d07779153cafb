package directory

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/signin"
)

// SignIn asks the servers of resources whether a password is a person's. It may be used from any number of goroutines.
type SignIn struct {
	options    Options
	connection func(ctx context.Context, resource int64) (resource.Connection, error)
	idle       idle
	listed     listedServers

	mu      sync.Mutex
	binding map[int64]turn // of the bind accounts of resources
	refused map[int64]refusedAccount
}

var _ signin.Directory = (*SignIn)(nil)

// SignIn returns what signs people in. connection returns the connection of a resource, as it is stored.
func (o Options) SignIn(connection func(ctx context.Context, resource int64) (resource.Connection, error)) *SignIn {
	return &SignIn{options: o, connection: connection, binding: map[int64]turn{}, refused: map[int64]refusedAccount{}}
}

// Close ends the connections that are kept.
func (s *SignIn) Close() { s.idle.close() }

// Servers returns the names of the resource's servers, the preferred one first.
func (s *SignIn) Servers(ctx context.Context, id int64) ([]string, error) {
	c, err := s.connection(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.listed.of(ctx, id, c, s.options), nil
}

// Ping reports whether a server answers and is ready. It sends no password.
func (s *SignIn) Ping(ctx context.Context, id int64, server string) error {
	return s.at(ctx, id, server, func(r *Reader, c resource.Connection) error {
		conn, err := r.dial(ctx, c)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }() // it was only to answer
		return ready(ctx, conn, c)
	})
}

// at does something with a server of a resource.
func (s *SignIn) at(ctx context.Context, id int64, server string, do func(*Reader, resource.Connection) error) error {
	c, err := s.connection(ctx, id)
	if err != nil {
		return fmt.Errorf("%w: %w", signin.ErrNotSent, err)
	}
	target := parseCandidate(server)
	o := s.options
	c.Host, o.at = target.host, target.address
	return do(&Reader{settings: resource.Settings{Connection: c}, options: o, masker: newMasker(c.BindPassword)}, c)
}

// Bind binds as a person, named by identity: that survives a renaming, and no other person can have it as a logon name. The password
// is sent under TLS only.
func (s *SignIn) Bind(ctx context.Context, who signin.Key, server, password string) (answer signin.Answer, err error) {
	if password == "" { // an anonymous bind, which succeeds (RFC 4513, 5.1.2)
		return answer, fmt.Errorf("%w: it is empty", signin.ErrNotSent)
	}
	err = s.at(ctx, who.Resource, server, func(r *Reader, c resource.Connection) error {
		if !c.Encrypted() {
			return fmt.Errorf("%w: the connection is not encrypted", signin.ErrNotSent)
		}
		key := idleKey{c.Endpoint(), server}
		conn := s.idle.take(key)
		if conn == nil {
			if conn, err = r.dial(ctx, c); err != nil {
				return fmt.Errorf("%w: %w", signin.ErrNotSent, err)
			}
		}
		conn.masker, conn.timeout = newMasker(resource.NewSecret(password)), time.Minute // the caller's time is shorter
		answer, err = bindAs(ctx, conn, who, password)
		if err != nil {
			_ = conn.Close() // nobody knows what else comes on it
			return err
		}
		conn.masker = r.masker
		s.idle.give(key, conn)
		return nil
	})
	return answer, err
}

// bindAs returns what the server says to a bind; an error means that it did not answer.
func bindAs(ctx context.Context, conn *connection, who signin.Key, password string) (answer signin.Answer, err error) {
	name := "<GUID=" + string(who.Source) + ">"
	err = conn.do(ctx, func(l *ldap.Conn) error { return l.Bind(name, password) })
	if err != nil {
		code, answered := answerOf(err)
		if !answered {
			return answer, fmt.Errorf("bind as a person: %w", err)
		}
		var text *serverText
		if errors.As(err, &text) {
			answer.Data = text.subCode
		}
		answer.Code = code
		return answer, nil
	}
	answer.Stamp, err = passwordTime(ctx, conn, name)
	if err != nil { // the answer to the bind counts all the same
		conn.ldap.Close()
	}
	return answer, nil
}

// passwordTime is when the password was changed (pwdLastSet), as the person may read it; empty where not.
func passwordTime(ctx context.Context, conn *connection, name string) (string, error) {
	result, err := conn.search(ctx, 1, &ldap.SearchRequest{
		BaseDN: name, Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: []string{"pwdLastSet"},
	})
	switch _, answered := answerOf(err); {
	case err != nil && !answered:
		return "", err
	case err != nil || len(result.Entries) != 1:
		return "", nil
	}
	return first(result.Entries[0], "pwdLastSet"), nil
}
