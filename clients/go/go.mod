module warta

go 1.19
