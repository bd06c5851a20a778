load {'auto_explain'|'$libdir/x'}
