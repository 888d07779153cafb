package servers

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"
)

// The account that tests use over TCP. It may do everything, on loopback only.
const mariadbUser, mariadbPassword = "tester", "tester-password"

// startMariaDB makes an empty data folder in dir and serves it on a socket there and on a TCP port of 127.0.0.1. It
// runs in a time zone that is not UTC, so that a time written in the session's zone is noticed, and counts
// what each user does (user_statistics). socket and tcp are data source names without a database.
func startMariaDB(ctx context.Context, dir string, durable bool) (socket, tcp string, p *process, err error) {
	me, err := user.Current()
	if err != nil {
		return "", "", nil, fmt.Errorf("find out who runs mariadb: %w", err)
	}
	data := filepath.Join(dir, "data")
	err = run(ctx, dir, nil, "mariadb-install-db", "--no-defaults", "--datadir="+data, "--user="+me.Username,
		"--auth-root-authentication-method=socket", "--auth-root-socket-user="+me.Username, "--skip-test-db")
	if err != nil {
		return "", "", nil, fmt.Errorf("make a data folder for mariadb: %w", err)
	}
	port, err := freePort()
	if err != nil {
		return "", "", nil, err
	}
	sock := filepath.Join(dir, "mysql.sock")
	args := []string{"--no-defaults", "--user=" + me.Username, "--datadir=" + data, "--socket=" + sock,
		"--pid-file=" + filepath.Join(dir, "mysqld.pid"), "--bind-address=127.0.0.1", "--port=" + strconv.Itoa(port),
		"--tmpdir=" + dir, "--skip-name-resolve", "--default-time-zone=+09:00", "--character-set-server=utf8mb4",
		"--innodb-buffer-pool-size=128M", "--innodb-log-file-size=64M", "--performance-schema=off", "--userstat=1"}
	if !durable {
		args = append(args, "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-flush-method=nosync")
	}
	if p, err = start("mariadb", dir, nil, mariadbd(), args...); err != nil {
		return "", "", nil, err
	}
	root := mysql.NewConfig()
	root.User, root.Net, root.Addr = me.Username, "unix", sock
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := p.await(ctx, func(ctx context.Context) error { return grant(ctx, root.FormatDSN()) }); err != nil {
		p.stop()
		return "", "", nil, err
	}
	over := mysql.NewConfig()
	over.User, over.Passwd, over.Net = mariadbUser, mariadbPassword, "tcp"
	over.Addr = "127.0.0.1:" + strconv.Itoa(port)
	return root.FormatDSN(), over.FormatDSN(), p, nil
}

// grant makes the account that comes over TCP.
func grant(ctx context.Context, dsn string) error {
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return fmt.Errorf("open mariadb: %w", err)
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, "GRANT ALL ON *.* TO "+mariadbUser+"@'127.0.0.1' IDENTIFIED BY '"+mariadbPassword+
		"' WITH GRANT OPTION")
	if err != nil {
		return fmt.Errorf("make mariadb's account for tests: %w", err)
	}
	return nil
}

// mariadbd is the server's program, which Debian keeps outside of a user's path.
func mariadbd() string {
	const debian = "/usr/sbin/mariadbd"
	if _, err := os.Stat(debian); err == nil {
		return debian
	}
	return "mariadbd"
}
