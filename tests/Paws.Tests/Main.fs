module Paws.Tests.Main

open System.Collections.Concurrent
open Expecto
open Expecto.Impl

/// Expecto counts what was skipped and keeps the reasons to itself: they are told at the end, each with its number of tests.
let private runAll arguments =
    let reasons = ConcurrentBag<string>()

    let printer = {
        TestPrinters.defaultPrinter with
            ignored =
                fun name reason ->
                    reasons.Add reason
                    TestPrinters.defaultPrinter.ignored name reason
    }

    let code = runTestsInAssemblyWithCLIArgs [ CLIArguments.Printer printer ] arguments

    for reason, count in reasons |> Seq.countBy id |> Seq.sort do
        printfn $"""skipped {count} {if count = 1 then "test" else "tests"}: {reason}"""

    code

[<EntryPoint>]
let main arguments =
    match arguments with
    | [| "--as-rank"; name |] -> Runner.ParallelRank.run name
    | _ -> runAll arguments
