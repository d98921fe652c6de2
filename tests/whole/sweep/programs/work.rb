words = File.read('text.txt').split(/\W+/)
count = words.tally.sort_by { |w, n| [-n, w] }
count.first(5).each { |w, n| puts "#{w} #{n}" }
Node = Struct.new(:next, :load)
2000.times { |i| a = Node.new(nil, 'x' * (i % 97)); a.next = a }
GC.start
puts (1..200).reduce(:*).to_s.length
puts words.map(&:upcase).uniq.length
