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

	"github.com/mailpanel/account-resource/accountresource"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
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
	admins, err := openAdmins(ctx, d.panel, driverOf(c.db).server == "pgsql")
	if err != nil {
		return err
	}
	if err := admins.ensure(ctx, c.admin, c.password); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	p := newPanel(admins, d, logger)
	if p.module, err = register(ctx, p, d, c); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeModule(p.module)) }() // before the databases
	if c.directory {
		ad, err := startDirectory()
		if err != nil {
			return err
		}
		defer func() { _ = ad.Close() }() // nothing of it stays
		if err := p.demonstrate(ctx, ad, c); err != nil {
			return err
		}
	}
	return serve(ctx, p, c)
}

// register is what a host does to have Account Resources.
func register(ctx context.Context, p *panel, d *databases, c config) (*accountresource.Module, error) {
	options := []accountresource.Option{accountresource.WithLayout(p.layout), accountresource.WithLogger(p.logger)}
	if c.secretKey != nil {
		options = append(options, accountresource.WithSecretKey(c.secretKey))
	} else {
		options = append(options, accountresource.WithSecretKeyFile(c.keyFileBesides))
	}
	if d.vmail != d.panel { // otherwise the module finds them in the panel's database
		backend, err := sqldb.Open(ctx, d.vmail, sqldb.Options{})
		if err != nil {
			return nil, fmt.Errorf("PANEL_VMAIL_DB: %w", err)
		}
		options = append(options, accountresource.WithBackend(backend))
	}
	return accountresource.Register(p.app, d.panel, p.sessions, options...)
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

// startDirectory makes the fake directory of the demo.
func startDirectory() (*fakead.Server, error) {
	ad, err := fakead.Start(fakead.Options{})
	if err != nil {
		return nil, err
	}
	if err := ad.Populate(500, 20); err != nil {
		return nil, errors.Join(err, ad.Close())
	}
	return ad, nil
}
