program work
  implicit none
  integer :: i
  real(8), allocatable :: a(:)
  allocate(a(1000))
  do i = 1, 1000
    a(i) = sqrt(dble(i))
  end do
  print '(f12.4)', sum(a)
end program
