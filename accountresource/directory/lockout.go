package directory

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/signin"
)

// refusedPause is how long the bind account is left alone after the directory has refused it: each sign-in of a person would bring it
// nearer to being locked.
const refusedPause = time.Hour

// refusedAccount is a bind account that the directory has refused.
type refusedAccount struct {
	connection resource.Connection // with another one it is tried again
	until      time.Time
}

// Policy returns when the domain locks a person's account: what the fine-grained policy of the person says (msDS-ResultantPSO,
// MS-ADTS 3.1.1.4.5.36), else what the head of the domain does. found is false where the bind account cannot read it, or is refused.
func (s *SignIn) Policy(ctx context.Context, who signin.Key, server string) (policy signin.Policy, found bool, err error) {
	err = s.at(ctx, who.Resource, server, func(r *Reader, c resource.Connection) error {
		if c.BindPassword.Problem() != nil || s.isRefused(who.Resource, c) {
			return nil
		}
		conn, err := r.dial(ctx, c)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }() // all is read
		if bound, err := s.bindInTurn(ctx, who.Resource, conn, c); err != nil || !bound {
			return err
		}
		r.conn = conn
		person := ""
		if who.Source != "" {
			person = "<GUID=" + string(who.Source) + ">"
		}
		policy, found, err = r.lockout(ctx, person)
		return err
	})
	return policy, found, err
}

// bindInTurn binds as a resource's bind account, one at a time, so that a wrong password is sent once however many people sign in. bound is
// false where the account is refused.
func (s *SignIn) bindInTurn(ctx context.Context, id int64, conn *connection, c resource.Connection) (bound bool, err error) {
	release, err := s.turnOf(id).take(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	if s.isRefused(id, c) {
		return false, nil
	}
	err = bind(ctx, conn, c)
	if code, answered := answerOf(err); answered {
		if code == ldap.LDAPResultInvalidCredentials {
			s.remember(id, c)
		}
		return false, nil
	}
	return err == nil, err
}

// turnOf returns the turn of a resource's bind account.
func (s *SignIn) turnOf(id int64) turn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.binding[id] == nil {
		s.binding[id] = make(turn, 1)
	}
	return s.binding[id]
}

// turn lets one work at a time.
type turn chan struct{}

func (t turn) take(ctx context.Context) (release func(), err error) {
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (s *SignIn) isRefused(id int64, c resource.Connection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, found := s.refused[id]
	last.connection.Host = c.Host // whichever of the servers
	return found && last.connection == c && time.Now().Before(last.until)
}

func (s *SignIn) remember(id int64, c resource.Connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[id] = refusedAccount{c, time.Now().Add(refusedPause)}
}

// lockout reads the policy that holds for a person, or for the domain where none is named.
func (r *Reader) lockout(ctx context.Context, person string) (signin.Policy, bool, error) {
	root, err := r.read(ctx, "", "defaultNamingContext")
	if err != nil {
		return signin.Policy{}, false, err
	}
	of := make(map[string]string)
	if person != "" {
		of, err = r.read(ctx, person, "msDS-ResultantPSO", "objectClass")
		if err != nil || of["objectClass"] == "" { // who is not shown may have a policy of their own
			return signin.Policy{}, false, err
		}
	}
	if pso := of["msDS-ResultantPSO"]; pso != "" {
		return r.lockoutOf(ctx, pso, "msDS-LockoutThreshold", "msDS-LockoutObservationWindow")
	}
	if root["defaultNamingContext"] == "" {
		return signin.Policy{}, false, nil
	}
	return r.lockoutOf(ctx, root["defaultNamingContext"], "lockoutThreshold", "lockOutObservationWindow")
}

// lockoutOf reads a policy from an object.
func (r *Reader) lockoutOf(ctx context.Context, dn, threshold, window string) (p signin.Policy, found bool, err error) {
	values, err := r.read(ctx, dn, threshold, window)
	if err != nil {
		return p, false, err
	}
	most, err := strconv.Atoi(values[threshold])
	if err != nil || most < 0 {
		return p, false, nil
	}
	p.Threshold, found = most, most == 0
	if ticks, err := strconv.ParseInt(values[window], 10, 64); err == nil {
		p.Window, found = observed(ticks), true
	}
	return p, found, nil
}

// longestWindow stands for a window that never ends.
const longestWindow = 365 * 24 * time.Hour

// observed is a window of time that Active Directory keeps as negative units of 100 ns (MS-ADA1).
func observed(ticks int64) time.Duration {
	const unit = 100
	if ticks > 0 {
		return 0
	}
	if ticks == math.MinInt64 || -ticks > int64(longestWindow)/unit {
		return longestWindow
	}
	return time.Duration(-ticks * unit)
}

// read returns the first values of attributes of an object, none of one that is not shown. An error means that there was no answer.
func (r *Reader) read(ctx context.Context, dn string, attributes ...string) (map[string]string, error) {
	result, err := r.conn.search(ctx, 1, &ldap.SearchRequest{
		BaseDN: dn, Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: attributes,
	})
	values := make(map[string]string)
	if err != nil {
		if _, answered := answerOf(err); answered {
			return values, nil
		}
		return nil, fmt.Errorf("read when the domain locks an account: %w", err)
	}
	for _, e := range result.Entries {
		for _, name := range attributes {
			values[name] = first(e, name)
		}
	}
	return values, nil
}
