import qualified Data.Map as M
main :: IO ()
main = print (M.toList (M.fromListWith (+) [(i `mod` 7, i) | i <- [0 .. 999 :: Int]]))
