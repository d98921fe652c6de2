use strict; use warnings;
open my $f, '<', 'text.txt' or die; local $/; my $t = <$f>;
my %count; $count{$_}++ for split /\W+/, $t;
my @w = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
print "$_ $count{$_}\n" for @w[0 .. 4];
my @list = map { { n => $_, s => 'x' x ($_ % 97) } } 1 .. 2000;
print scalar(grep { length($_->{s}) > 50 } @list), "\n";
eval 'sub made { return $_[0] ** 2 }'; print made(12), "\n";
