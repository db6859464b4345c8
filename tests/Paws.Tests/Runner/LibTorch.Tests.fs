module Paws.Tests.Runner.LibTorchTests

open Expecto
open TorchSharp
open Paws.Runner
open Paws.Runner.Startup

[<Tests>]
let devices =
    testList "Runner.LibTorch" [
        test "the CPU is always there" { Expect.equal (LibTorch.Resolve "cpu").``type`` DeviceType.CPU "" }

        test "auto takes a GPU where there is one" {
            let expected =
                if LibTorch.CudaDevices() > 0 then
                    DeviceType.CUDA
                else
                    DeviceType.CPU

            Expect.equal (LibTorch.Resolve "auto").``type`` expected ""
        }

        test "a device that is not there, and a name that is none: one line with what to do" {
            for name in [ "cuda:99"; "tpu"; "cuda:-1"; "cuda:x" ] do
                try
                    LibTorch.Resolve name |> ignore
                    failtest name
                with :? UserErrorException as e ->
                    Expect.stringContains e.Message name "named"
                    Expect.isFalse (e.Message.Contains '\n') "one line"
        }
    ]
