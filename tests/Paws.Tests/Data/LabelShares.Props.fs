module Paws.Tests.Data.LabelSharesProps

open Expecto
open FsCheck
open FsCheck.FSharp
open Paws.Data
open Paws.Data.Datasets
open Paws.Data.Splits

/// Sizes of classes, a number of labels that they can give, and a seed.
let private shareable =
    gen {
        let! classes = Gen.choose (2, 9)
        let! sizes = Gen.listOfLength classes (Gen.choose (1, 30))
        let! total = Gen.choose (classes, List.sum sizes)
        let! seed = Gen.choose (0, 1000)
        return sizes, total, seed
    }

let private names sizes = [| for i in 0 .. List.length sizes - 1 -> $"class{i}" |]

let private labelsOf sizes =
    sizes
    |> List.mapi (fun label size -> List.replicate size label)
    |> List.concat
    |> List.toArray

let private law name property =
    testPropertyWithConfig
        {
            FsCheckConfig.defaultConfig with
                maxTest = 300
        }
        name
        (Prop.forAll (Arb.fromGen shareable) property)

let private shares (sizes: int list) total seed =
    LabelShares.Of(List.toArray sizes, names sizes, total, seed) |> Array.toList

let private message action =
    (Expect.throwsC (fun () -> action () |> ignore) id :?> DataException).Message

[<Tests>]
let laws =
    testList "Data.LabelShares.Laws" [
        law "so many in all, at least one of each class and never more than it has"
        <| fun (sizes, total, seed) ->
            let given = shares sizes total seed
            Expect.equal (List.sum given) total "in all"

            for share, size in List.zip given sizes do
                Expect.isTrue (share >= 1 && share <= size) $"{share} of {size}"

        law "as even as can be: who gives two fewer than another has no more to give"
        <| fun (sizes, total, seed) ->
            let given = shares sizes total seed
            let most = List.max given

            for share, size in List.zip given sizes do
                Expect.isTrue (share >= most - 1 || share = size) $"{share} of {size}, others {most}"

        law "a seed fixes the shares"
        <| fun (sizes, total, seed) -> Expect.equal (shares sizes total seed) (shares sizes total seed) "same"

        law "of each class the same images as by a number a class"
        <| fun (sizes, total, seed) ->
            let labels = labelsOf sizes
            let inAll = LabelSplit.ByTotal(labels, names sizes, total, seed)
            let given = shares sizes total seed

            for label, share in List.indexed given do
                let mine = inAll.Indices |> Seq.filter (fun i -> labels[i] = label) |> Seq.length
                Expect.equal mine share "as many"

            let least = List.min given

            let every =
                LabelSplit.ByCount(labels, names sizes, least, seed).Indices |> Set.ofSeq

            Expect.isTrue (Set.isSubset every (Set.ofSeq inAll.Indices)) "the first of each"

        law "where it can be divided, it is the number a class, image for image"
        <| fun (sizes, _, seed) ->
            let labels, least = labelsOf sizes, List.min sizes
            let inAll = LabelSplit.ByTotal(labels, names sizes, least * sizes.Length, seed)
            let each = LabelSplit.ByCount(labels, names sizes, least, seed)
            Expect.sequenceEqual inAll.Indices each.Indices "images"
            Expect.equal inAll.Source each.Source "in words"
            Expect.isNull inAll.Uneven "nothing to say"

        law "all is every image"
        <| fun (sizes, _, _) ->
            let labels = labelsOf sizes
            Expect.sequenceEqual (LabelSplit.All(labels, names sizes).Indices) [ 0 .. labels.Length - 1 ] "images"
    ]

[<Tests>]
let tests =
    testList "Data.LabelShares" [
        test "which classes give one more is drawn by the seed" {
            let of' seed = shares [ 9; 9; 9; 9; 9 ] 12 seed
            let drawn = [ for seed in 0..20 -> of' seed ] |> List.distinct
            Expect.isGreaterThan drawn.Length 3 "not always the first"

            for given in drawn do
                Expect.equal (List.sort given) [ 2; 2; 2; 3; 3 ] "even"
        }

        test "what is said of shares that differ" {
            let split sizes total =
                LabelSplit.ByTotal(labelsOf sizes, [| "cat"; "dog"; "owl" |], total, 0)

            let few = split [ 2; 9; 9 ] 12

            Expect.equal
                few.Uneven
                "12 labels cannot be the same number of each of 3 classes: all there are of cat (2), 5 of each of dog, owl"
                ""

            Expect.equal few.Source "12 in all, 2 to 5 a class, seed 0" "source"

            Expect.stringStarts
                (split [ 9; 9; 9 ] 10).Uneven
                "10 labels cannot be the same number of each of 3 classes: 3 of each of "
                "one more"
        }

        test "refused: fewer than classes, more than images, a class without an image" {
            let names = [| "cat"; "dog" |]
            Expect.stringContains (message (fun () -> LabelSplit.ByTotal([| 0; 1 |], names, 1, 0))) "Label at least 2" "few"
            Expect.stringContains (message (fun () -> LabelSplit.ByTotal([| 0; 1; -1 |], names, 3, 0))) "Label at most 2, or all" "many"

            Expect.stringContains
                (message (fun () -> LabelSplit.ByTotal([| 0; 0; -1 |], names, 2, 0)))
                "Class dog has no training image"
                "none"

            Expect.stringContains (message (fun () -> LabelSplit.All([| 0; 0; -1 |], names))) "Class dog has 0" "none of all"
        }
    ]
