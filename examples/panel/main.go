// Samba makes certificates with negative serial numbers for itself, which Go refuses unless the main package says:
//go:debug x509negativeserial=1

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/mailpanel/account-resource/accountresource"
	"github.com/mailpanel/account-resource/backends/openldap"
	"github.com/mailpanel/account-resource/backends/sqldb"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := start(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "panel:", err)
		os.Exit(1)
	}
}

// start runs the panel until ctx ends.
func start(ctx context.Context) (err error) {
	c, err := readConfig()
	if err != nil {
		return err
	}
	if c.temporary != "" {
		defer func() { err = errors.Join(err, os.RemoveAll(c.temporary)) }()
	}
	d, err := openDatabases(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	admins, err := openAdmins(ctx, d.panel, driverOf(c.db).server, bcrypt.DefaultCost)
	if err != nil {
		return err
	}
	if err := admins.ensure(ctx, c.admin, c.password); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	var accounts accounts = &mail{d}
	if c.backend == "openldap" {
		accounts = &tree{c}
	}
	p := newPanel(admins, accounts, logger)
	options, closeBackend, err := mailStore(ctx, d, c)
	if err != nil {
		return err
	}
	defer closeBackend()
	dovecot, err := listenForSignIn(c.signIn)
	if err != nil {
		return err
	}
	if dovecot != nil {
		options = append(options, dovecot.option())
	}
	if p.module, err = register(p, d, c, options...); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeModule(p.module)) }() // before the databases
	if dovecot != nil {
		stop := dovecot.serve(p.module)
		defer func() { err = errors.Join(err, stop()) }() // before the module
	}
	if c.directory {
		var stop func() error
		if stop, err = p.startDirectory(ctx, c); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	return serve(ctx, p, c)
}

// register is what a host does to have Account Resources.
func register(p *panel, d *databases, c config, options ...accountresource.Option) (*accountresource.Module, error) {
	options = append(options, accountresource.WithLayout(p.layout), accountresource.WithLogger(p.logger),
		accountresource.WithDirectoryHosts("*", "127.0.0.0/8", "::1"), // the fake directory of the demo is on this machine
		accountresource.WithApplications(d.applications))
	if len(c.secretKeys) > 0 {
		options = append(options, accountresource.WithSecretKey(c.secretKeys[0], c.secretKeys[1:]...))
	} else {
		options = append(options, accountresource.WithSecretKeyFile(c.keyFileBesides))
	}
	if c.lease != 0 {
		options = append(options, accountresource.WithLease(c.lease))
	}
	return accountresource.Register(p.app, d.panel, p.sessions, options...)
}

// mailStore says where the mail accounts are, where the module does not find them in the panel's own database.
func mailStore(ctx context.Context, d *databases, c config) (options []accountresource.Option, closed func(), err error) {
	switch {
	case c.backend == "openldap":
		backend, err := openldap.Open(ctx, openldap.Options{
			URI: c.ldapURI, BaseDN: c.ldapBase, BindDN: c.ldapBindDN, Password: c.ldapPassword, DB: d.vmail,
		})
		if err != nil {
			return nil, nil, fmt.Errorf("PANEL_LDAP_URI: %w", err)
		}
		return []accountresource.Option{accountresource.WithBackend(backend)}, backend.Close, nil
	case d.vmail != d.panel:
		backend, err := sqldb.Open(ctx, d.vmail, sqldb.Options{})
		if err != nil {
			return nil, nil, fmt.Errorf("PANEL_VMAIL_DB: %w", err)
		}
		return []accountresource.Option{accountresource.WithBackend(backend)}, func() {}, nil
	}
	return nil, func() {}, nil
}

// closingTime is the longest that runs may take to come to an end.
const closingTime = 30 * time.Second

func closeModule(m *accountresource.Module) error {
	ctx, cancel := context.WithTimeout(context.Background(), closingTime)
	defer cancel()
	return m.Close(ctx)
}

// serve answers requests until ctx ends.
func serve(ctx context.Context, p *panel, c config) error {
	listener, err := net.Listen("tcp", c.listen)
	if err != nil {
		return fmt.Errorf("PANEL_LISTEN: %w", err)
	}
	fmt.Printf("\n  Panel      http://%s\n  Username   %s\n", listener.Addr(), c.admin)
	if c.madeUp {
		fmt.Printf("  Password   %s\n", c.password)
	}
	fmt.Println()
	ended := make(chan error, 1)
	go func() { ended <- p.app.Listener(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return p.app.ShutdownWithTimeout(closingTime)
	}
}
