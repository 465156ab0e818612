cat <<END
Hello $TO
END
