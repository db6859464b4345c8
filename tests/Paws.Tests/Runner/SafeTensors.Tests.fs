module Paws.Tests.Runner.SafeTensorsTests

open System
open System.Collections.Generic
open System.IO
open System.Text
open System.Text.Json.Nodes
open Expecto
open TorchSharp
open Paws.Runner
open Paws.Runner.Checkpoints
open Paws.Tests
open Paws.Tests.CheckpointFiles

/// A file with that header text and that many zero bytes of data.
let private craft path (header: string) (dataBytes: int) =
    let json = Encoding.UTF8.GetBytes header
    File.WriteAllBytes(path, Array.concat [ BitConverter.GetBytes(uint64 json.Length); json; Array.zeroCreate dataBytes ])

let private malformed = [
    "not JSON", "{nonsense", 0
    "an array", "[]", 0
    "two roots", "{}{}", 0
    "a number for a tensor", """{"a":3}""", 0
    "no dtype", """{"a":{"shape":[1],"data_offsets":[0,4]}}""", 4
    "unknown dtype", """{"a":{"dtype":"F128","shape":[1],"data_offsets":[0,16]}}""", 16
    "no shape", """{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4
    "negative edge", """{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4
    "fractional edge", """{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4
    "edges that overflow", """{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}}""", 0
    "empty, but strides overflow", """{"a":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}""", 0
    "range turned round", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4
    "three offsets", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 4
    "size against shape", """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4
    "beyond the end", """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4
    "bytes left over", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5
    "a gap", """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}""", 3
    "an overlap", """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3
    "a name twice", """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2
    "half a surrogate pair", """{"\ud800":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1
    "metadata that is no string", """{"__metadata__":{"a":1}}""", 0
    "nesting", String('[', 5000), 0
]

[<Tests>]
let tests =
    testList "Runner.Checkpoints.SafeTensors" [
        for dtype in elementTypes do
            test $"{dtype} round trips" {
                use folder = new ScratchFolder()

                use tensor =
                    torch.tensor([| 0.0; 1.0; 0.5; 3.0; 100.0; 0.1 |]).reshape(2L, 3L).``to`` dtype

                write (folder.File "a") [ "x", tensor ] noMetadata
                use reader = SafeTensorsReader.Open(folder.File "a")
                expectSame tensor (reader.Read "x") "x"
                use target = torch.zeros ([| 2L; 3L |], dtype = dtype)
                reader.ReadInto("x", target)
                expectSame tensor target "x, read into"
            }

        test "views are written in logical order and read back through their strides" {
            use folder = new ScratchFolder()
            let flat = torch.arange (60, dtype = torch.float32)

            let views = [
                "transposed", flat.view(6, 10).t()
                "channels last", flat.view(1, 3, 4, 5).permute(0, 3, 1, 2)
                "inside", flat.narrow (0, 7, 5)
                "stepped", flat.as_strided ([| 4L; 3L |], [| 2L; 9L |], 1L)
                "repeated", flat.narrow(0, 2, 1).expand(5)
                "scalar", flat[3L]
                "empty", torch.zeros (0L, 3L)
            ]

            write (folder.File "a") views noMetadata
            use reader = SafeTensorsReader.Open(folder.File "a")

            for name, view in views do
                expectSame view (reader.Read name) name

            let buffer = torch.zeros (60, dtype = torch.float32)
            let target = buffer.view(6, 10).t()
            reader.ReadInto("transposed", target)
            expectSame flat buffer "the buffer below a strided target"
            let slot = buffer.narrow (0, 20, 5)
            reader.ReadInto("inside", slot)
            Expect.equal (buffer[20L].item<float32>()) 7f "lands in the slot"
            Expect.equal (buffer[25L].item<float32>()) 25f "and not behind it"
        }

        test "parameters that require gradients are written and read" {
            use folder = new ScratchFolder()
            let parameter = torch.nn.Parameter(torch.ones (2L, 2L) * (3f).ToScalar())
            write (folder.File "a") [ "p", parameter ] noMetadata
            let target = torch.nn.Parameter(torch.zeros ([| 2L; 2L |]))
            use reader = SafeTensorsReader.Open(folder.File "a")
            reader.ReadInto("p", target)
            Expect.equal (target.sum().item<float32>()) 12f "values arrive"
            Expect.isTrue (target.requires_grad && target.is_leaf) "still a leaf"
        }

        test "tensors longer than one piece pass whole" {
            use source = torch.arange (8_388_611, dtype = torch.int64)
            use target = torch.zeros_like source
            use stream = new MemoryStream(int (source.numel ()) * 8)
            TensorBytes.Write(source, stream)
            Expect.equal stream.Length (source.numel () * 8L) "every byte"
            stream.Position <- 0L
            TensorBytes.Read(stream, target)
            Expect.equal ((target - source).count_nonzero().item<int64>()) 0L "every element"
        }

        test "the layout is the published one" {
            use folder = new ScratchFolder()
            let metadata = dict [ "é", "ü\"\n" ] |> Dictionary

            write
                (folder.File "a")
                [
                    "flags", torch.tensor ([| true; false; true |])
                    "wide", torch.tensor ([| 1.0 |], dtype = torch.float64)
                ]
                metadata

            let bytes = File.ReadAllBytes(folder.File "a")
            let length = BitConverter.ToInt32(bytes, 0)
            Expect.equal (length % 8) 0 "aligned header"

            let header = JsonNode.Parse(Encoding.UTF8.GetString(bytes, 8, length))
            let key (name: string) (node: JsonNode) = node[name]
            let json (node: JsonNode) = node.ToJsonString()

            Expect.equal ((header |> key "__metadata__" |> key "é").GetValue<string>()) "ü\"\n" "metadata"
            Expect.equal (header |> key "flags" |> key "data_offsets" |> json) "[8,11]" "narrow types after wide ones"
            Expect.equal (header |> key "wide" |> json) """{"dtype":"F64","shape":[1],"data_offsets":[0,8]}""" "entry"
            Expect.equal (BitConverter.ToDouble(bytes, 8 + length)) 1.0 "elements follow the header"
            Expect.sequenceEqual bytes[8 + length + 8 ..] [ 1uy; 0uy; 1uy ] "to the end of the file"
            use reader = SafeTensorsReader.Open(folder.File "a")
            Expect.sequenceEqual reader.Names [ "flags"; "wide" ] "order of writing"
            Expect.equal reader.Metadata["é"] "ü\"\n" "metadata"
        }

        for what, header, dataBytes in malformed do
            test $"{what} is refused" {
                use folder = new ScratchFolder()
                craft (folder.File "bad.safetensors") header dataBytes

                let message =
                    userError (fun () -> (SafeTensorsReader.Open(folder.File "bad.safetensors")).Dispose())

                Expect.stringContains message "bad.safetensors is not a usable safetensors file" "names the file"
            }

        test "a header longer than the file is refused without being allocated" {
            use folder = new ScratchFolder()

            for length in [ 9UL; 99_999_999UL; UInt64.MaxValue ] do
                File.WriteAllBytes(folder.File "a", Array.append (BitConverter.GetBytes length) (Array.zeroCreate 8))
                let before = GC.GetAllocatedBytesForCurrentThread()

                userError (fun () -> (SafeTensorsReader.Open(folder.File "a")).Dispose())
                |> ignore

                Expect.isLessThan (GC.GetAllocatedBytesForCurrentThread() - before) 1_000_000L "bounded"
        }

        test "a boolean of 2 is refused" {
            use folder = new ScratchFolder()
            craft (folder.File "a") """{"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}""" 0
            use file = new FileStream(folder.File "a", FileMode.Append)
            file.WriteByte 2uy
            file.Dispose()
            use reader = SafeTensorsReader.Open(folder.File "a")
            Expect.stringContains (userError (fun () -> reader.Read("a").Dispose())) "neither 0 nor 1" "says so"
        }

        test "missing files, names and shapes that differ are told in one line" {
            use folder = new ScratchFolder()
            Expect.stringContains (userError (fun () -> (SafeTensorsReader.Open(folder.File "no")).Dispose())) "does not exist" "missing"
            Expect.stringContains (userError (fun () -> (SafeTensorsReader.Open(folder.File "no/a")).Dispose())) "does not exist" "missing"
            Expect.stringContains (userError (fun () -> (SafeTensorsReader.Open folder.Path).Dispose())) "cannot be read" "a folder"
            write (folder.File "a") [ "x", torch.zeros (2L, 3L) ] noMetadata
            use reader = SafeTensorsReader.Open(folder.File "a")
            Expect.stringContains (userError (fun () -> reader.Read("y").Dispose())) "no tensor 'y'" "name"
            Expect.stringContains (userError (fun () -> reader.ReadInto("x", torch.zeros (3L, 2L)))) "[2, 3], but Float32 [3, 2]" "shape"

            Expect.stringContains
                (userError (fun () -> reader.ReadInto("x", torch.zeros (2L, 3L, dtype = torch.float64))))
                "Float64 [2, 3]"
                "element type"
        }

        test "names must be unique and element types known" {
            use folder = new ScratchFolder()
            let x = torch.zeros 1L

            for tensors in
                [
                    [ "x", x; "x", x ]
                    [ "__metadata__", x ]
                    [ "x", torch.zeros (1L, dtype = torch.complex64) ]
                ] do
                Expect.throwsT<ArgumentException> (fun () -> write (folder.File "a") tensors noMetadata) "refused"

            Expect.isEmpty folder.Names "nothing written"
        }
    ]
