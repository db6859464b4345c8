module Paws.Tests.Runner.CheckpointsProps

open System
open System.Collections.Generic
open System.IO
open Expecto
open FsCheck
open FsCheck.FSharp
open TorchSharp
open Paws.Runner
open Paws.Runner.Checkpoints
open Paws.Tests
open Paws.Tests.CheckpointFiles

/// A tensor by description, so that a failing case can be printed.
type TensorCase = {
    Shape: int list
    Axes: int list
    Type: int
}

/// A change to a file: bytes replaced, then the end cut off.
type Damage = {
    Flips: (float * byte) list
    Keep: float
}

let private make case =
    let shape = case.Shape |> List.map int64 |> List.toArray
    let count = int (Array.fold (*) 1L shape)

    let flat =
        torch.tensor [| for i in 0 .. count - 1 -> float ((i * 37 + case.Type) % 101) |]

    flat.``to``(elementTypes[case.Type]).reshape(shape).permute(case.Axes |> List.map int64 |> List.toArray)

let private tensorCase =
    gen {
        let! rank = Gen.choose (0, 4)
        let! shape = Gen.listOfLength rank (Gen.choose (0, 4))
        let! axes = Gen.shuffle [| 0 .. rank - 1 |]
        let! dtype = Gen.choose (0, elementTypes.Length - 1)

        return {
            Shape = shape
            Axes = List.ofArray axes
            Type = dtype
        }
    }

let private share = Gen.choose (0, 999_999) |> Gen.map (fun n -> float n / 1e6)

let private damage =
    gen {
        // Few changes reach far into a reader; many mostly fail at the first check.
        let! few = Gen.choose (1, 3)
        let flip = Gen.zip share (Gen.choose (0, 255) |> Gen.map byte)
        let! flips = Gen.frequency [ 4, Gen.listOfLength few flip; 1, Gen.listOf flip ]
        let! keep = Gen.frequency [ 5, Gen.constant 1.0; 1, share ]
        return { Flips = flips; Keep = keep }
    }

type Arbitraries =
    static member Tensor() = Arb.fromGen tensorCase
    static member Damage() = Arb.fromGen damage

let private config tests = {
    FsCheckConfig.defaultConfig with
        maxTest = tests
        arbitrary = [ typeof<Arbitraries> ]
}

let private damaged (original: byte[]) damage =
    let bytes = Array.copy original

    for where, value in damage.Flips do
        bytes[int (where * float bytes.Length)] <- value

    bytes[.. int (damage.Keep * float bytes.Length) - 1]

/// Bytes in tensors that a reader hands out, after touching every element.
let private size (tensor: torch.Tensor) =
    tensor.contiguous().bytes.ToArray().LongLength

/// Reading gives a result no larger than the file, or a user error; any other exception fails the property.
let private survives (content: byte[]) (read: string -> int64) =
    use folder = new ScratchFolder()
    let path = folder.File "a"
    File.WriteAllBytes(path, content)
    let before = GC.GetAllocatedBytesForCurrentThread()

    try
        Expect.isLessThanOrEqual (read path) content.LongLength "no more than the file holds"
    with :? UserErrorException as error ->
        Expect.isFalse (error.Message.Contains '\n') "one line"

    Expect.isLessThan (GC.GetAllocatedBytesForCurrentThread() - before) 4_000_000L "allocation is bounded"

let private readSafeTensors path =
    use reader = SafeTensorsReader.Open path
    reader.Names |> Seq.sumBy (fun name -> using (reader.Read name) size)

let private readPyTorch path =
    use file = PyTorchFile.Load path

    let rec tensors (value: obj) : torch.Tensor list =
        match value with
        | :? torch.Tensor as tensor -> [ tensor ]
        | :? OrderedDictionary<obj, obj> as dictionary -> dictionary.Values |> Seq.toList |> List.collect tensors
        | _ -> []

    // Touches every element. A view may repeat an element endlessly at no cost, so what is long is only held, not read.
    tensors file.Root
    |> List.filter (fun tensor -> tensor.numel () < 10_000L)
    |> List.iter (size >> ignore)

    0L

let private small () =
    use folder = new ScratchFolder()

    let tensors = [
        "a", torch.arange(6, dtype = torch.float32).reshape(2L, 3L)
        "flags", torch.tensor [| true; false |]
        "scalar", torch.tensor 3L
    ]

    write (folder.File "a") tensors (Dictionary(dict [ "key", "value" ]))
    File.ReadAllBytes(folder.File "a")

let private golden name =
    File.ReadAllBytes(Golden.path $"checkpoints/{name}")

[<Tests>]
let tests =
    testList "Runner.Checkpoints.Laws" [
        testPropertyWithConfig (config 60) "any tensors and metadata come back as they were"
        <| fun (cases: TensorCase list) (metadata: Map<NonNull<string>, NonNull<string>>) ->
            use folder = new ScratchFolder()
            let tensors = cases |> List.mapi (fun i case -> $"tensor {i}", make case)
            // Text that is no Unicode, half a surrogate pair, cannot be written and is replaced.
            let clean (s: NonNull<string>) =
                s.Get |> String.filter (Char.IsSurrogate >> not)

            let strings = Dictionary<string, string>()

            for KeyValue(key, value) in metadata do
                strings[clean key] <- clean value

            write (folder.File "a") tensors strings
            use reader = SafeTensorsReader.Open(folder.File "a")
            Expect.sequenceEqual reader.Names (List.map fst tensors) "names"
            Expect.equal (Map.ofSeq (reader.Metadata |> Seq.map (|KeyValue|))) (Map.ofSeq (strings |> Seq.map (|KeyValue|))) "metadata"

            for name, tensor in tensors do
                expectSame tensor (reader.Read name) name
                let target = torch.zeros_like tensor
                reader.ReadInto(name, target)
                expectSame tensor (target.contiguous ()) $"{name}, read into"

        test "a safetensors file cut anywhere is refused" {
            let whole = small ()
            use folder = new ScratchFolder()

            for length in 0 .. whole.Length - 1 do
                File.WriteAllBytes(folder.File "a", whole[.. length - 1])

                userError (fun () -> (SafeTensorsReader.Open(folder.File "a")).Dispose())
                |> ignore
        }

        for name in [ "format-zoo.pth.tar"; "format-zoo-legacy.pth.tar" ] do
            test $"{name} cut anywhere is refused" {
                let whole = golden name
                use folder = new ScratchFolder()

                for length in 0..11 .. whole.Length - 1 do
                    File.WriteAllBytes(folder.File "a", whole[.. length - 1])
                    userError (fun () -> (PyTorchFile.Load(folder.File "a")).Dispose()) |> ignore
            }

            testPropertyWithConfig (config 150) $"{name} damaged in any way gives a result or a user error"
            <| fun damage -> survives (damaged (golden name) damage) readPyTorch

        testPropertyWithConfig (config 150) "a safetensors file damaged in any way gives a result or a user error"
        <| fun damage -> survives (damaged (small ()) damage) readSafeTensors
    ]
