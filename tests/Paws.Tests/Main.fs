module Paws.Tests.Main

open Expecto

[<EntryPoint>]
let main arguments =
    match arguments with
    | [| "--as-rank"; name |] -> Runner.ParallelRank.run name
    | _ -> runTestsInAssemblyWithCLIArgs [] arguments
