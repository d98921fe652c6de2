(with-temp-buffer
  (insert-file-contents "text.txt")
  (let ((n 0))
    (goto-char (point-min))
    (while (re-search-forward "\\bthe\\b" nil t) (setq n (1+ n)))
    (message "%d %d" n (buffer-size))
    (sort-lines nil (point-min) (point-max))
    (message "%s" (buffer-substring 1 30))))
