module Paws.Tests.Runner.EmptyWordsTests

open System.CommandLine
open System.IO
open Expecto
open Paws.Runner.Commands
open Paws.Runner.Config
open Paws.Tests

/// Every verb that does something, with the words that lead to it.
let private verbs =
    let host =
        CommandHost(Jobs = null, Output = TextWriter.Null, Error = TextWriter.Null)

    let rec under (words: string list) (command: Command) : (string list * Command) list =
        match List.ofSeq command.Subcommands with
        | [] -> [ words, command ]
        | inner -> inner |> List.collect (fun sub -> under (words @ [ sub.Name ]) sub)

    under [] (CommandLine.Create host)

[<Tests>]
let tests =
    testList "Runner.EmptyWords" [
        test "an option that takes a word takes no empty one, in any verb" {
            let mutable count = 0

            for words, command in verbs do
                for option in command.Options do
                    // Numbers are refused by what they are.
                    if option.ValueType = typeof<string> || option.ValueType = typeof<string[]> then
                        let needed =
                            command.Arguments
                            |> Seq.filter (fun a -> a.Arity.MinimumNumberOfValues > 0)
                            |> Seq.map (fun _ -> "x")
                            |> List.ofSeq

                        count <- count + 1

                        words @ needed @ [ option.Name; "" ]
                        |> AskedCommand.refused [ [ $"{option.Name} is empty"; "is a shell variable unset?"; "--help" ] ]

            Expect.isGreaterThan count 25 "options"
        }

        test "nor does an argument" {
            let mutable count = 0

            for words, command in verbs do
                for argument in command.Arguments do
                    count <- count + 1

                    let given = [
                        for other in command.Arguments do
                            if obj.ReferenceEquals(other, argument) then
                                ""
                            elif other.Arity.MinimumNumberOfValues > 0 then
                                "x"
                    ]

                    words @ given |> AskedCommand.refused [ [ "is empty"; "--help" ] ]

            Expect.isGreaterThan count 5 "arguments"
        }

        test "every key is a path or known not to be one, and no path is empty, by --set or in a file" {
            let words = [
                "data.dataset"
                "data.labels"
                "logging.on_collapse"
                "logging.write_tag"
                "meta.device"
                "meta.model_name"
                "method.name"
                "finetune.method"
            ]

            let strings =
                ConfigSchema.Keys
                |> Seq.filter (fun key -> key.Type = typeof<string>)
                |> Seq.map _.Path
                |> Seq.except words

            Expect.sequenceEqual (Seq.sort strings) (Seq.sort ConfigSchema.Paths) "paths"
            use folder = new ScratchFolder()

            for path in ConfigSchema.Paths do
                [ "train"; "--set"; $"{path}=" ]
                |> AskedCommand.refused [ [ $"--set {path}= is empty" ] ]

                let section, key = path[.. path.IndexOf '.' - 1], path[path.IndexOf '.' + 1 ..]
                let file = folder.Write("c.yaml", $"{section}:\n  {key}: \"\"\n")

                [ "train"; "--config"; file ]
                |> AskedCommand.refused [ [ $"{path} ({file}, line 2) is empty" ] ]
        }
    ]
