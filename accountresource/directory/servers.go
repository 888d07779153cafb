package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// connect dials and binds, once. It stays with the first of several servers that works, which is the host from then on: every
// domain controller has a change counter of its own. If none works, the error names the failure of each server, beginning
// with the one that ended the search.
func (r *Reader) connect(ctx context.Context) (*connection, error) {
	if r.conn != nil {
		return r.conn, nil
	}
	c := r.settings.Connection
	if problem := c.BindPassword.Problem(); problem != nil {
		return nil, problem
	}
	chosen, err := r.options.firstThatIsWell(ctx, c, func(o Options, c resource.Connection) (err error) {
		r.options.at = o.at
		r.conn, err = r.connectTo(ctx, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	r.settings.Connection.Host = chosen
	return r.conn, nil
}

// firstThatIsWell asks the servers of a connection in their order until one answers or an error is none of that server
// alone. The error names all that were asked.
func (o Options) firstThatIsWell(
	ctx context.Context, c resource.Connection, ask func(Options, resource.Connection) error,
) (host string, err error) {
	var sick resource.Problems
	for server := range o.candidates(ctx, c) {
		c.Host, o.at = server.host, server.address
		err := ask(o, c)
		if err == nil {
			return server.host, nil
		}
		var problem *resource.Problem
		if ctx.Err() != nil || !errors.As(err, &problem) {
			return "", err
		}
		if !serverSpecific[problem.Message.Key] {
			if len(sick) == 0 {
				return "", err
			}
			return "", append(resource.Problems{problem}, sick...)
		}
		if o.Logger != nil {
			o.Logger.WarnContext(ctx, "a directory server cannot be read", "host", server, "error", err)
		}
		if slices.ContainsFunc(sick, func(p *resource.Problem) bool {
			return p.Message.Key == problem.Message.Key && p.Message.Args["Host"] == server.host
		}) {
			continue // another address of the same host
		}
		sick = append(sick, problem)
	}
	if len(sick) == 1 {
		return "", sick[0]
	}
	return "", sick.AsError()
}

// serverSpecific are the problems after which another server is asked: those of one that is down, not ready, or whose
// certificate is not in order. What an admin has done wrong would be wrong there too, and a wrong password sent to every server
// locks the account.
var serverSpecific = map[string]bool{
	"problem_host_unknown": true, "problem_host_lookup": true, "problem_host_silent": true, "problem_host_unreachable": true,
	"problem_port_closed": true, "problem_not_ldap": true, "problem_bind_silent": true,
	"problem_server_busy": true, "problem_server_silent": true, "problem_connection_lost": true, "problem_server_not_ready": true,
	"problem_tls_silent": true, "problem_tls_not_offered": true, "problem_tls_failed": true, "problem_starttls_refused": true,
	"problem_certificate_expired": true, "problem_certificate_not_yet": true, "problem_certificate_name": true,
	"problem_certificate_common_name": true, "problem_certificate_sha1": true, "problem_certificate_negative_serial": true,
	"problem_tls_broken_off": true, "problem_tls_alert": true, "problem_tls_old_version": true, "problem_tls_old_ciphers": true,
	"problem_certificate_invalid": true, "problem_ca_expired": true, "problem_ca_not_yet": true, "problem_ca_unknown": true,
	"problem_ca_another": true,
}

// connectTo connects to one server, signs in, and asks whether the server is ready.
func (r *Reader) connectTo(ctx context.Context, c resource.Connection) (*connection, error) {
	conn, err := r.dial(ctx, c)
	if err != nil {
		return nil, stopped(ctx, err)
	}
	err = bind(ctx, conn, c)
	if code, answered := answerOf(err); err == nil || answered && code == ldap.LDAPResultInvalidCredentials { // it may not know the newest password
		if notReady := ready(ctx, conn, c); notReady != nil {
			err = notReady
		}
	}
	if err != nil {
		_ = conn.Close() // the first error is the one that counts
		return nil, stopped(ctx, err)
	}
	return conn, nil
}

// ready is the problem of a domain controller that says of itself that it has not yet caught up with the others since it
// started or was restored (isSynchronized), or holds no whole catalogue yet (MS-ADTS 3.1.1.3.2). Whoever does not say so is
// ready.
func ready(ctx context.Context, conn *connection, c resource.Connection) error {
	wanted := []string{"isSynchronized"}
	if c.Port == portCatalogue || c.Port == portCatalogueTLS {
		wanted = append(wanted, "isGlobalCatalogReady")
	}
	result, err := conn.search(ctx, 1, &ldap.SearchRequest{Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: wanted})
	if code, answered := answerOf(err); answered && code != ldap.LDAPResultBusy && code != ldap.LDAPResultUnavailable {
		return nil // Probe reports it
	}
	if err != nil {
		return fmt.Errorf("ask whether the server is ready: %w", requestProblem(c, err))
	}
	for _, root := range result.Entries {
		for _, name := range wanted {
			if strings.EqualFold(first(root, name), "FALSE") {
				return resource.NewProblem("host", "server_not_ready", nil, "Host", c.Host, "Attribute", name)
			}
		}
	}
	return nil
}
