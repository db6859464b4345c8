module Paws.Tests.Model.MutantsTests

open System
open System.IO
open Expecto
open Paws.Laws
open Paws.Tests.Model

/// A mutant, and the law that killed it with what it said.
let private verdict (mutant: Mutant.Mutant) =
    let killer =
        mutant.Laws
        |> List.tryPick (fun law -> Law.firstFailure 100 law |> Option.map (fun (_, why) -> law.Name, why))

    mutant.Mistake, killer

let private table verdicts =
    let line (mistake, killer) =
        match killer with
        | Some(law: string, why: string) ->
            let why = (why.Split '\n')[0]
            $"| {mistake} | {law} | {why} |"
        | None -> $"| {mistake} | **survived** | |"

    [ "| planted mistake | killed by the law | which said |"; "|---|---|---|" ]
    @ List.map line verdicts
    |> String.concat "\n"

let private heading =
    "# Planted mistakes, and the law that caught each\n\nWritten by the tests; [laws.md](laws.md) says how. Only the first law that fails is named.\n\n"

[<Tests>]
let tests =
    testList "Model.Mutants" [
        testCase "every planted mistake is caught by a law" (fun () ->
            let verdicts =
                List.map
                    verdict
                    (MutantsOfParts.all
                     @ MutantsOfObjective.all
                     @ MutantsOfPawsSuncet.all
                     @ MutantsOfFamily.all)

            let text = table verdicts

            // Where the table is wanted as a file: docs/mutants.md is made this way.
            match Environment.GetEnvironmentVariable "PAWS_MUTANTS_TABLE" with
            | null
            | "" -> printfn "%s" text
            | path -> File.WriteAllText(path, heading + text + "\n")

            let survivors = verdicts |> List.filter (snd >> Option.isNone) |> List.map fst
            Expect.isEmpty survivors "mistakes that no law caught"
            Expect.isGreaterThanOrEqual verdicts.Length 30 "mistakes")
    ]
