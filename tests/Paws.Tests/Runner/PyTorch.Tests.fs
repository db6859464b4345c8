module Paws.Tests.Runner.PyTorchTests

open System
open System.Collections.Generic
open System.IO
open System.IO.Compression
open System.Text
open Expecto
open TorchSharp
open Paws.Runner.Checkpoints
open Paws.Tests
open Paws.Tests.CheckpointFiles

type private Dict = OrderedDictionary<obj, obj>

let private at (key: string) (dictionary: obj) = (dictionary :?> Dict)[key]

let private values (tensor: torch.Tensor) =
    tensor.``to``(torch.float64).flatten().data<float>().ToArray()

/// A file in PyTorch's zip form around a pickle written by hand.
let private zipped path (pickle: byte list) (storages: (string * byte[]) list) compression =
    use archive = new ZipArchive(File.Create path, ZipArchiveMode.Create)

    for name, content in
        ("data.pkl", List.toArray pickle)
        :: [ for key, bytes in storages -> $"data/{key}", bytes ] do
        use stream = archive.CreateEntry($"x/{name}", compression).Open()
        stream.Write content

let private text (s: string) =
    byte 'X'
    :: [ yield! BitConverter.GetBytes s.Length; yield! Encoding.ASCII.GetBytes s ]

let private name (m: string) (n: string) = [ yield! Encoding.ASCII.GetBytes $"c{m}\n{n}\n" ]

let private number (n: int) =
    byte 'J' :: List.ofArray (BitConverter.GetBytes n)

let private tuple items = [ byte '('; yield! List.concat items; byte 't' ]
let private call f arguments = [ yield! f; yield! tuple arguments; byte 'R' ]
let private pickle body = [ 0x80uy; 2uy; yield! body; byte '.' ]

let private storage count = [
    yield!
        tuple [
            text "storage"
            name "torch" "FloatStorage"
            text "0"
            text "cpu"
            number count
        ]
    byte 'Q'
]

let private tensor first shape strides count =
    call (name "torch._utils" "_rebuild_tensor_v2") [
        storage count
        number first
        tuple (List.map number shape)
        tuple (List.map number strides)
    ]

let private floats = [
    "0", Array.collect (fun (x: float32) -> BitConverter.GetBytes x) [| 0f .. 5f |]
]

let private refusedBodies = [
    "names os.system", name "os" "system", "names 'os.system'"
    "names builtins.eval", name "builtins" "eval", "refuses to run code: it names 'builtins.eval'"
    "names another storage class", name "torch" "ComplexFloatStorage", "refuses to run code"
    "names by stack", [ yield! text "os"; yield! text "system"; 0x93uy ], "names 'os.system'"
    "names by stack what is no text", [ yield! number 1; yield! text "system"; 0x93uy ], "by what is no text"
    "calls a number", call (number 1) [], "cannot be called"
    "builds an object", [ byte 'N'; byte 'N'; byte 'b' ], "no container"
    "an unknown instruction", [ 0x82uy; 1uy ], "unknown pickle instruction 0x82"
    "an unknown protocol", [ 0x80uy; 9uy ], "unknown protocol 9"
    "an empty stack", [ byte 'a' ], "not there"
    "takes below a mark", [ byte 'N'; byte '('; 0x85uy ], "not there"
    "no mark", [ byte 'N'; byte 't' ], "not there"
    "recalls nothing", [ byte 'h'; 3uy ], "never stored"
    "a text longer than the file", [ byte 'X'; 255uy; 255uy; 255uy; 127uy ], "ends early"
    "text that is not UTF-8", [ byte 'X'; 1uy; 0uy; 0uy; 0uy; 0xffuy ], "not UTF-8"
    "a key without a value", [ byte '('; yield! number 1; byte 'd' ], "without a value"
    "an empty key", [ byte '('; byte 'N'; byte 'N'; byte 'd' ], "empty key"
    "a huge number", [ 0x8auy; 200uy; yield! List.replicate 200 1uy ], "200 bytes"
    "beyond its storage", tensor 3 [ 2; 2 ] [ 2; 1 ] 6, "beyond its storage"
    "before its storage", tensor -1 [ 1 ] [ 1 ] 6, "beyond its storage"
    "negative strides", tensor 5 [ 6 ] [ -1 ] 6, "unknown way"
    "an endless view", tensor 0 (List.replicate 4 1_000_000) (List.replicate 4 0) 6, "unknown way"
    "a storage longer than the file", tensor 0 [ 1 ] [ 1 ] 1_000_000, "longer than the file"
    "a storage of another length", tensor 0 [ 1 ] [ 1 ] 5, "another length"
    "a storage in an unknown way", [ yield! number 1; byte 'Q' ], "unknown way"
    "a parameter that is no tensor", call (name "torch._utils" "_rebuild_parameter") [ number 1 ], "no tensor"
]

/// The published-layout file, which is too large for the repository: PAWS_SHARED, or a folder "shared" beside the repository.
let private published () =
    let rec ancestors (folder: DirectoryInfo) = [
        if not (isNull folder) then
            folder.FullName
            yield! ancestors folder.Parent
    ]

    let named =
        Environment.GetEnvironmentVariable "PAWS_SHARED"
        |> Option.ofObj
        |> Option.toList

    named
    @ [
        for folder in ancestors (DirectoryInfo AppContext.BaseDirectory) -> Path.Combine(folder, "shared")
    ]
    |> List.map (fun shared -> Path.Combine(shared, "golden/checkpoints/wide_resnet28w2-reference-format.pth.tar"))
    |> List.tryFind File.Exists

/// Its fill, as a function of name and flat index.
let private filled (name: string) (shape: int64[]) =
    let count = Array.fold (*) 1L shape
    let hash = float ((name |> Seq.sumBy int) % 97)
    let row = if shape.Length > 0 then count / shape[0] else 1L

    [|
        for i in 0L .. count - 1L do
            let s = sin (0.1 * float i + hash)

            if name.EndsWith "running_mean" then
                0.05 * s
            elif name.EndsWith "running_var" then
                1.0 + 0.1 * s
            elif shape.Length >= 2 then
                s * sqrt (2.0 / float row)
            elif name.EndsWith "weight" && name.Contains "bn" then
                1.0 + 0.1 * s
            else
                0.01 * s
    |]

[<Tests>]
let tests =
    testList "Runner.Checkpoints.PyTorch" [
        for file in [ "format-zoo.pth.tar"; "format-zoo-legacy.pth.tar" ] do
            test $"{file} holds what PyTorch put in" {
                use zoo = PyTorchFile.Load(Golden.path $"checkpoints/{file}")
                let expected = Golden.file "checkpoints/format-zoo.json"
                let tensors = (expected["encoder"]).AsObject()
                Expect.equal (at "encoder" zoo.Root :?> Dict).Count tensors.Count "as many tensors"

                for entry in tensors do
                    let actual = zoo.Root |> at "encoder" |> at entry.Key :?> torch.Tensor
                    Expect.sequenceEqual (values actual) (Golden.vector (entry.Value["values"])) entry.Key
                    Expect.sequenceEqual actual.shape (System.Text.Json.JsonSerializer.Deserialize<int64[]>(entry.Value["shape"])) entry.Key

                Expect.equal (at "epoch" zoo.Root) (box 17L) "int"
                Expect.equal (at "unlabel_prob" zoo.Root) (box 0.9) "float"
                Expect.equal (at "name" zoo.Root) (box "ünïcode") "text"
                Expect.equal (at "big" zoo.Root) (box 1099511627776L) "long"
                Expect.equal (at "neg" zoo.Root) (box -5L) "negative"
                Expect.sequenceEqual (at "tup" zoo.Root :?> obj[]) [ box 1L; box 2.5; box "x" ] "tuple"
                Expect.isNull (at "none" zoo.Root) "null"
                Expect.equal (at "flag" zoo.Root) (box true) "bool"
                let group = (zoo.Root |> at "opt" |> at "param_groups" :?> List<obj>)[0]
                Expect.equal (at "lr" group) (box 3.2) "a list of dictionaries"
                Expect.sequenceEqual (at "params" group :?> List<obj>) [ box 0L; box 1L ] "a list"
            }

        test "tensors of one storage share its memory" {
            use zoo = PyTorchFile.Load(Golden.path "checkpoints/format-zoo.pth.tar")

            let view name =
                zoo.Root |> at "encoder" |> at $"module.view.{name}" :?> torch.Tensor

            use rows = view "rows1to3"
            use transposed = view "transposed"
            rows.fill_ (99f.ToScalar()) |> ignore
            Expect.equal (transposed[0L, 1L].item<float32>()) 99f "seen through the other"
        }

        test "what runs code is refused, and not run" {
            let message =
                userError (fun () -> (PyTorchFile.Load(Golden.path "checkpoints/malicious.pth.tar")).Dispose())

            Expect.stringContains message "malicious.pth.tar: Paws refuses to run code: it names 'posix.system'" "says what"
        }

        for what, body, expected in refusedBodies do
            test $"{what} is refused" {
                use folder = new ScratchFolder()
                zipped (folder.File "a") (pickle body) floats CompressionLevel.NoCompression
                Expect.stringContains (userError (fun () -> (PyTorchFile.Load(folder.File "a")).Dispose())) expected "says why"
            }

        test "state of ordered dictionaries is passed over, as every state dictionary has one" {
            use folder = new ScratchFolder()

            let body = [
                yield! call (name "collections" "OrderedDict") []
                yield! text "w"
                yield! tensor 1 [ 2; 2 ] [ 1; 2 ] 6
                byte 's'
                yield! [ byte '}' ]
                yield! text "_metadata"
                yield! call (name "collections" "OrderedDict") []
                byte 's'
                byte 'b'
            ]

            zipped (folder.File "a") (pickle body) floats CompressionLevel.NoCompression
            use checkpoint = PublishedCheckpoint.Load(folder.File "a")
            Expect.sequenceEqual (values checkpoint.Encoder["w"]) [ 1.0; 3.0; 2.0; 4.0 ] "strided"
            Expect.isFalse checkpoint.Epoch.HasValue "a bare state dictionary has no epoch"
            Expect.isNull checkpoint.Optimizer "nor an optimiser"
        }

        test "compressed archives and archives without a pickle are refused" {
            use folder = new ScratchFolder()
            zipped (folder.File "a") (pickle [ byte 'N' ]) [ "0", Array.zeroCreate 100_000 ] CompressionLevel.Optimal
            Expect.stringContains (userError (fun () -> (PyTorchFile.Load(folder.File "a")).Dispose())) "compressed" "a bomb"

            do
                use archive = new ZipArchive(File.Create(folder.File "b"), ZipArchiveMode.Create)
                archive.CreateEntry "x" |> ignore

            Expect.stringContains (userError (fun () -> (PyTorchFile.Load(folder.File "b")).Dispose())) "no data.pkl" "no pickle"
        }

        test "files without an encoder are refused" {
            use folder = new ScratchFolder()

            for body in
                [
                    [ byte 'N' ]
                    [ byte '}' ]
                    [ byte '}'; yield! text "encoder"; yield! number 3; byte 's' ]
                ] do
                zipped (folder.File "a") (pickle body) [] CompressionLevel.NoCompression

                let message =
                    userError (fun () -> (PublishedCheckpoint.Load(folder.File "a")).Dispose())

                Expect.stringContains message "no state dictionary" "says so"
        }

        test "a published checkpoint has names without module., the epoch, the optimiser and numbers" {
            use zoo = PublishedCheckpoint.Load(Golden.path "checkpoints/format-zoo.pth.tar")
            Expect.isTrue (zoo.Encoder.ContainsKey "conv1.weight") "unwrapped"
            Expect.equal zoo.Epoch (Nullable 17L) "epoch"
            Expect.isNotNull zoo.Optimizer "optimiser"
            Expect.equal zoo.Numbers["loss"] 0.5 "number"
        }

        test "the published layout of WideResNet-28-2 holds its formula" {
            match published () with
            | None -> skiptest "needs PAWS_SHARED, the folder with golden/checkpoints"
            | Some path ->
                use checkpoint = PublishedCheckpoint.Load path
                Expect.equal checkpoint.Epoch (Nullable 600L) "epoch"
                Expect.equal checkpoint.Encoder.Count 197 "tensors"

                for entry in checkpoint.Encoder do
                    if entry.Value.dtype = torch.float32 then
                        let difference =
                            Seq.map2 (fun (a: float) b -> abs (a - b)) (values entry.Value) (filled entry.Key entry.Value.shape)
                            |> Seq.max

                        Expect.isLessThan difference 1e-6 entry.Key
        }
    ]
